/** A timeline: of the open file's versions, or of everything that was synced. */
import React, { useEffect, useState } from 'react';
import type { Hubsync } from '../context';
import * as format from '../format';
import type { Fault, LogEntry, Version, WorkspacePath } from '../protocol';
import { Action, FaultBox, useLoaded, useWork } from '../ui';
import type { PanelState } from './state';

const FIRST = 30;

export function History(props: {
  hub: Hubsync;
  panel: PanelState;
  compare: (path: WorkspacePath, version: Version) => Promise<void>;
}): JSX.Element {
  const { hub, panel } = props;
  const { trans } = hub;
  const [, redraw] = useState(0);
  const [wholeWanted, setWholeWanted] = useState(false);
  useEffect(() => {
    const again = () => redraw(count => count + 1);
    const toFile = (_: PanelState, part: string) => {
      if (part === 'history') {
        setWholeWanted(panel.historyPath === null);
      }
    };
    panel.changed.connect(again);
    panel.revealed.connect(toFile);
    return () => {
      panel.changed.disconnect(again);
      panel.revealed.disconnect(toFile);
    };
  }, [panel]);
  const path = panel.historyPath;
  const everything = wholeWanted || path === null;
  return (
    <>
      <div className="jp-hubsync-tabs" role="tablist">
        {[false, true].map(all => (
          <button
            key={String(all)}
            type="button"
            role="tab"
            aria-selected={everything === all}
            disabled={!all && path === null}
            onClick={() => setWholeWanted(all)}
          >
            {all ? trans.__('Everything') : trans.__('This file')}
          </button>
        ))}
      </div>
      {everything ? (
        <Log hub={hub} show={one => panel.showHistory(one)} />
      ) : (
        <Versions key={path} hub={hub} path={path} compare={props.compare} />
      )}
    </>
  );
}

function Log(props: { hub: Hubsync; show: (path: WorkspacePath) => void }): JSX.Element {
  const { hub } = props;
  const { trans } = hub;
  const [limit, setLimit] = useState(FIRST);
  const { value, fault } = useLoaded(
    () => hub.api.log(limit),
    `${limit}:${hub.model.status?.last?.ended}`
  );
  return (
    <>
      <Missing hub={hub} fault={fault} />
      {value?.length === 0 && <div className="jp-hubsync-faint">{trans.__('Nothing yet.')}</div>}
      <ol className="jp-hubsync-timeline">
        {value?.map(entry => (
          <li key={entry.version}>
            <details>
              <summary>
                <span className="jp-hubsync-when">{format.when(entry.time)}</span>
                <span className="jp-hubsync-what" title={entry.message}>
                  {subject(entry)}
                </span>
                <span className="jp-hubsync-faint">{who(entry)}</span>
              </summary>
              <ul className="jp-hubsync-changes">
                {entry.changes.map(change => (
                  <li key={change.path}>
                    <button
                      type="button"
                      className="jp-hubsync-link jp-hubsync-path"
                      title={trans.__('Versions of %1', change.path)}
                      onClick={() => props.show(change.path)}
                    >
                      {change.path}
                    </button>
                    <span className="jp-hubsync-faint"> {change.change}</span>
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ol>
      {value !== null && value.length >= limit && (
        <Action label={trans.__('Show more')} run={() => setLimit(limit * 3)} />
      )}
    </>
  );
}

function Versions(props: {
  hub: Hubsync;
  path: WorkspacePath;
  compare: (path: WorkspacePath, version: Version) => Promise<void>;
}): JSX.Element {
  const { hub, path } = props;
  const { trans } = hub;
  const { value, fault, reload } = useLoaded(
    () => hub.api.versions(path),
    `${path}:${hub.model.status?.last?.ended}`
  );
  const work = useWork();
  return (
    <>
      <div className="jp-hubsync-path">{path}</div>
      <FaultBox fault={work.fault} />
      <Missing hub={hub} fault={fault} />
      {value?.length === 0 && (
        <div className="jp-hubsync-faint">{trans.__('No earlier version is known.')}</div>
      )}
      <ol className="jp-hubsync-timeline">
        {value?.map((version, index) => (
          <li key={`${version.place}:${version.version}`}>
            <span className="jp-hubsync-when">{format.when(version.time)}</span>
            <span className="jp-hubsync-what">
              {version.digest === null
                ? trans.__('deleted')
                : version.size === null
                  ? ''
                  : format.bytes(version.size)}
              {index === 0 && version.place === 'remote' && (
                <span className="jp-hubsync-faint"> {trans.__('newest')}</span>
              )}
            </span>
            <span className="jp-hubsync-faint">
              {version.place === 'trash' ? trans.__('replaced here') : who(version)}
            </span>
            {version.digest !== null && (
              <div className="jp-hubsync-actions">
                <Action
                  label={trans.__('Compare')}
                  run={() => work.run(() => props.compare(path, version))}
                />
                <Action
                  label={trans.__('Restore')}
                  title={trans.__('Bring this version back; the present one stays in the history')}
                  disabled={work.busy}
                  run={() =>
                    work.run(async () => {
                      await hub.restore(path, version.version);
                      reload();
                    })
                  }
                />
              </div>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

/** Why there is no history; what the panel tells above already is not told again. */
function Missing(props: { hub: Hubsync; fault: Fault | null }): JSX.Element {
  const { hub, fault } = props;
  return fault !== null && fault.code === hub.model.status?.trouble?.code ? (
    <div className="jp-hubsync-faint">
      {hub.trans.__('The history is on the remote. It is shown once that answers again.')}
    </div>
  ) : (
    <FaultBox fault={fault} />
  );
}

function subject(entry: LogEntry): string {
  const [line] = entry.message.split('\n');
  if (line) {
    return line;
  }
  const names = entry.changes.map(change => change.path.split('/').pop());
  return names.length > 2 ? `${names.slice(0, 2).join(', ')} …` : names.join(', ');
}

function who(entry: { author: string; hub: string }): string {
  return [entry.author.replace(/\s*<.*>$/, ''), entry.hub].filter(Boolean).join(' · ');
}
