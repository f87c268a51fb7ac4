/** Remotes that another hub has named: they are used here once a person says yes. */
import React from 'react';
import type { Hubsync } from '../context';
import * as format from '../format';
import { Action, FaultBox, useLoaded, useWork } from '../ui';

export function WaitingRemotes(props: { hub: Hubsync }): JSX.Element | null {
  const { hub } = props;
  const { trans } = hub;
  const loaded = useLoaded(hub.api.remotes, `${hub.model.status?.last?.ended}`);
  const work = useWork();
  const answer = (name: string, yes: boolean) =>
    work.run(async () => {
      await hub.api.answerRemote(name, yes ? 'accept' : 'decline');
      loaded.reload();
    });
  if (!loaded.value?.waiting.length) {
    return null;
  }
  return (
    <ul className="jp-hubsync-list">
      {loaded.value.waiting.map(remote => (
        <li key={remote.name}>
          {trans.__('Another hub also syncs with %1. Use it here too?', format.place(remote.url))}
          <div className="jp-hubsync-actions">
            <Action
              label={trans.__('Use it')}
              disabled={work.busy}
              run={() => answer(remote.name, true)}
            />
            <Action
              label={trans.__('No')}
              disabled={work.busy}
              run={() => answer(remote.name, false)}
            />
          </div>
        </li>
      ))}
      <FaultBox fault={work.fault} />
    </ul>
  );
}
