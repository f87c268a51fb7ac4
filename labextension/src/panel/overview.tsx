/** What is going on: the state, where the files go, and the two buttons that are used most. */
import React from 'react';
import type { Hubsync } from '../context';
import * as format from '../format';
import type { Progress, State, Status } from '../protocol';
import { Action, FaultBox, Icon, useWork } from '../ui';
import { advice, describe, isConfirmable, isElsewhere, isForkable } from '../words';

/** States of every save: nothing may come and go with them, or buttons move under the pointer. */
const PASSING: ReadonlySet<State> = new Set(['pending', 'syncing']);

export function Overview(props: { hub: Hubsync; status: Status | null }): JSX.Element {
  const { hub, status } = props;
  const { trans } = hub;
  const words = describe(status, hub.model.reachable, trans);
  const hint = status === null ? '' : advice(status, trans);
  const work = useWork();
  const [proposal, setProposal] = React.useState<string | null>(null);
  return (
    <div className={`jp-hubsync-overview jp-mod-${words.tone}`} tabIndex={-1}>
      <div className="jp-hubsync-state" role="status" aria-live="polite">
        <Icon sign={words.sign} spin={words.sign === 'sync'} />
        <strong>{words.label}</strong>
      </div>
      <div className="jp-hubsync-detail">{words.detail}</div>
      {status?.progress && <ProgressBar progress={status.progress} />}
      {hint && <div className="jp-hubsync-hint">{hint}</div>}
      {status?.workspace && (
        <>
          <Facts hub={hub} status={status} />
          <div className="jp-hubsync-actions">
            {status.state === 'off' ? (
              // Where another program has the session it would be refused; it begins by itself.
              !isElsewhere(status) && (
                <Action
                  primary
                  label={trans.__('Start sync')}
                  disabled={work.busy}
                  run={() => work.run(hub.api.start)}
                />
              )
            ) : (
              <>
                <Action
                  primary={!isConfirmable(status)}
                  label={trans.__('Sync now')}
                  disabled={work.busy || status.state === 'syncing' || status.paused}
                  run={() => work.run(hub.api.sync)}
                />
                <Action
                  label={status.paused ? trans.__('Resume') : trans.__('Pause')}
                  disabled={work.busy}
                  run={() => work.run(status.paused ? hub.api.resume : hub.api.pause)}
                />
              </>
            )}
            {isConfirmable(status) && (
              <Action
                label={trans.__('Yes, carry out the deletions')}
                disabled={work.busy}
                run={() => work.run(hub.api.confirmDeletes)}
              />
            )}
            {isForkable(status) && (
              <Action
                label={trans.__('Work on a fork of mine')}
                title={trans.__('Your work goes to a copy at GitHub that is yours')}
                disabled={work.busy}
                run={() => work.run(async () => setProposal(await hub.api.fork()))}
              />
            )}
          </div>
          {proposal !== null && (
            <div className="jp-hubsync-hint">
              <a href={proposal} target="_blank" rel="noopener noreferrer">
                {trans.__('Propose what is in your fork')}
              </a>
            </div>
          )}
        </>
      )}
      <FaultBox fault={work.fault} />
    </div>
  );
}

function Facts(props: { hub: Hubsync; status: Status }): JSX.Element {
  const { status } = props;
  const { trans } = props.hub;
  const several = (status.workspace?.remotes.length ?? 0) > 1;
  return (
    <dl className="jp-hubsync-facts">
      {status.workspace?.remotes.map(remote => (
        <React.Fragment key={remote.name}>
          <dt>{several ? remote.name : trans.__('Remote')}</dt>
          <dd title={remote.url}>
            {format.place(remote.url)}
            {remote.mode && (
              <span className="jp-hubsync-faint">
                {' '}
                {remote.mode === 'branch'
                  ? trans.__('(commits on the branch)')
                  : trans.__('(beside your branch)')}
              </span>
            )}
          </dd>
        </React.Fragment>
      ))}
      <dt>{trans.__('Last sync')}</dt>
      <dd>{status.last_sync ? format.when(status.last_sync) : trans.__('not yet')}</dd>
      {status.pending > 0 && !PASSING.has(status.state) && (
        <>
          <dt>{trans.__('Waiting')}</dt>
          <dd>{trans._n('%1 change', '%1 changes', status.pending)}</dd>
        </>
      )}
      {status.retry_at && (
        <>
          <dt>{trans.__('Next try')}</dt>
          <dd>{format.when(status.retry_at)}</dd>
        </>
      )}
      {status.watching.how === 'polling' && (
        <>
          <dt>{trans.__('Watching')}</dt>
          <dd title={status.watching.why}>{trans.__('by looking now and then')}</dd>
        </>
      )}
    </dl>
  );
}

function ProgressBar({ progress }: { progress: Progress }): JSX.Element {
  const [done, all] = progress.bytes
    ? [progress.bytes_done, progress.bytes]
    : [progress.files_done, progress.files];
  return all > 0 ? (
    <progress className="jp-hubsync-progress" value={done} max={all} />
  ) : (
    <progress className="jp-hubsync-progress" />
  );
}
