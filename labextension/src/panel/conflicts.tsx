/** What both sides changed: choose, or look at both side by side first. */
import React from 'react';
import type { Hubsync } from '../context';
import type { Conflict } from '../protocol';
import { Action, FaultBox, useLoaded, useWork } from '../ui';
import { PathLink } from './problems';

export function Conflicts(props: {
  hub: Hubsync;
  compare: (conflict: Conflict) => Promise<void>;
}): JSX.Element {
  const { hub } = props;
  const { trans } = hub;
  const status = hub.model.status;
  const loaded = useLoaded(hub.api.conflicts, `${status?.conflict_count}:${status?.last?.ended}`);
  const work = useWork();
  const { conflicts, diverged } = loaded.value ?? {
    conflicts: status?.conflicts ?? [],
    diverged: []
  };
  const resolve = (one: Conflict, keep: 'mine' | 'theirs' | 'both') =>
    work.run(async () => {
      await hub.resolve(one, keep);
      loaded.reload();
    });
  return (
    <>
      <ul className="jp-hubsync-list">
        {conflicts.map(one => (
          <li key={one.copy}>
            <PathLink hub={hub} path={one.path} />
            <div className="jp-hubsync-faint">
              {trans.__('Your version: %1', one.copy.split('/').pop())}
            </div>
            <div className="jp-hubsync-actions">
              <Action label={trans.__('Compare')} run={() => work.run(() => props.compare(one))} />
              <Action
                label={trans.__('Keep mine')}
                disabled={work.busy}
                run={() => resolve(one, 'mine')}
              />
              <Action
                label={trans.__('Keep theirs')}
                disabled={work.busy}
                run={() => resolve(one, 'theirs')}
              />
              <Action
                label={trans.__('Keep both')}
                disabled={work.busy}
                run={() => resolve(one, 'both')}
              />
            </div>
          </li>
        ))}
        {diverged.map(one => (
          <li key={one.path}>
            <span className="jp-hubsync-path">{one.path}</span>
            <div>{one.message}</div>
            {one.hint && <div className="jp-hubsync-hint">{one.hint}</div>}
          </li>
        ))}
      </ul>
      <FaultBox fault={work.fault ?? loaded.fault} />
    </>
  );
}
