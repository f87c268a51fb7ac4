/** Files that cannot be synced: why, and what to do. */
import React from 'react';
import type { Hubsync } from '../context';
import type { Problem } from '../protocol';
import { Action, FaultBox, useWork } from '../ui';

export function Problems(props: { hub: Hubsync; problems: Problem[]; count: number }): JSX.Element {
  const { hub, problems } = props;
  const { trans } = hub;
  const work = useWork();
  return (
    <>
      <ul className="jp-hubsync-list">
        {problems.map(problem => (
          <li key={problem.path}>
            <PathLink hub={hub} path={problem.path} />
            <div>{problem.message}</div>
            {problem.hint && <div className="jp-hubsync-hint">{problem.hint}</div>}
            <div className="jp-hubsync-actions">
              {problem.code.includes('secret') && (
                <Action
                  label={trans.__('It is no secret: sync it')}
                  disabled={work.busy}
                  run={() => work.run(() => hub.api.allow(problem.path).then(() => hub.goOn()))}
                />
              )}
              <Action
                label={trans.__('Ignore it')}
                title={trans.__('Leave this file out of the sync')}
                disabled={work.busy}
                run={() => work.run(() => hub.api.ignore(problem.path).then(() => hub.goOn()))}
              />
            </div>
          </li>
        ))}
      </ul>
      {props.count > problems.length && (
        <div className="jp-hubsync-faint">
          {trans.__('and %1 more', props.count - problems.length)}
        </div>
      )}
      <FaultBox fault={work.fault} />
    </>
  );
}

/** A file's name that opens it. */
export function PathLink(props: { hub: Hubsync; path: string }): JSX.Element {
  const { hub, path } = props;
  const at = hub.contentsPath(path);
  if (at === null) {
    return <span className="jp-hubsync-path">{path}</span>;
  }
  return (
    <button
      type="button"
      className="jp-hubsync-path jp-hubsync-link"
      title={hub.trans.__('Open %1', path)}
      onClick={() => void hub.app.commands.execute('docmanager:open', { path: at })}
    >
      {path}
    </button>
  );
}
