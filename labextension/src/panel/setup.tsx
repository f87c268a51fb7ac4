/** Setting sync up: choose a place, try it, see what will happen, begin. */
import React, { useState } from 'react';
import type { Hubsync } from '../context';
import * as format from '../format';
import type { SetupWish, Status, Survey, Task } from '../protocol';
import { Action, FaultBox, useWork } from '../ui';
import { GitHubChoice } from './github';
import { SurveyView } from './survey';
import { type Kind, kindsFor, wishOf } from './wish';

export function Setup(props: { hub: Hubsync; status: Status; done: () => void }): JSX.Element {
  const { hub, status } = props;
  const { trans } = hub;
  const offered = status.operator.default_remote;
  const kinds = kindsFor(status.operator);
  const [kind, setKind] = useState<Kind>(kinds[0]);
  const [text, setText] = useState('');
  const [options, setOptions] = useState('');
  const [tried, setTried] = useState<{ wish: SetupWish; survey: Survey } | null>(null);
  const [task, setTask] = useState<Task | null>(null);
  const work = useWork();
  const names: Record<Kind, string> = {
    default: trans.__('The place your hub offers'),
    github: trans.__('A repository at GitHub'),
    folder: trans.__('A folder'),
    address: trans.__('A bucket or another address'),
    embedded: trans.__('Only this machine, for trying')
  };
  const wish = wishOf(kind, text, options);

  if (tried !== null) {
    return (
      <div>
        <SurveyView hub={hub} survey={tried.survey} />
        <div className="jp-hubsync-actions">
          <Action
            primary
            label={trans.__('Start syncing')}
            disabled={work.busy}
            run={() => work.run(() => hub.setUp(tried.wish, setTask).then(props.done))}
          />
          <Action label={trans.__('Back')} disabled={work.busy} run={() => setTried(null)} />
        </div>
        {work.busy && <Going hub={hub} task={task} />}
        <FaultBox fault={work.fault} />
      </div>
    );
  }
  return (
    <form
      className="jp-hubsync-form"
      onSubmit={event => {
        event.preventDefault();
        if (wish !== null) {
          work.run(async () => setTried({ wish, survey: await hub.api.trySetup(wish, setTask) }));
        }
      }}
    >
      <fieldset>
        <legend>{trans.__('Where shall your files go?')}</legend>
        {kinds.map(one => (
          <label key={one}>
            <input
              type="radio"
              name="jp-hubsync-kind"
              value={one}
              checked={kind === one}
              onChange={() => {
                setKind(one);
                setText('');
              }}
            />
            {names[one]}
          </label>
        ))}
      </fieldset>
      {kind === 'default' && <div className="jp-hubsync-path">{format.place(offered ?? '')}</div>}
      <FaultBox fault={status.operator.default_remote_error} />
      {kind === 'github' && <GitHubChoice hub={hub} choose={setText} chosen={text} />}
      {kind === 'folder' && (
        <label>
          {trans.__('Folder, such as one that all hubs share:')}
          <input
            className="jp-mod-styled"
            name="folder"
            value={text}
            placeholder="/shared/ada"
            onChange={event => setText(event.target.value)}
          />
        </label>
      )}
      {kind === 'address' && (
        <>
          <label>
            {trans.__('Address:')}
            <input
              className="jp-mod-styled"
              name="address"
              value={text}
              placeholder="s3://bucket/ada"
              onChange={event => setText(event.target.value)}
            />
          </label>
          <div className="jp-hubsync-faint">
            {trans.__('s3://, gs://, az://, sftp://, webdav:// or the address of a Git repository')}
          </div>
          <details>
            <summary>{trans.__('Options')}</summary>
            <textarea
              className="jp-mod-styled"
              name="options"
              rows={2}
              value={options}
              aria-label={trans.__('Options, one NAME=VALUE a line')}
              placeholder="endpoint=https://…"
              onChange={event => setOptions(event.target.value)}
            />
          </details>
        </>
      )}
      <div className="jp-hubsync-actions">
        <button
          type="submit"
          className="jp-hubsync-button jp-mod-accept jp-mod-styled"
          disabled={work.busy || wish === null}
        >
          {trans.__('Try it')}
        </button>
        <span className="jp-hubsync-faint">{trans.__('Nothing is changed yet.')}</span>
      </div>
      {work.busy && <Going hub={hub} task={task} />}
      <FaultBox fault={work.fault} />
    </form>
  );
}

function Going(props: { hub: Hubsync; task: Task | null }): JSX.Element {
  return (
    <div className="jp-hubsync-faint" role="status">
      {props.task?.progress?.phase || props.hub.trans.__('Trying…')}
      <progress className="jp-hubsync-progress" />
    </div>
  );
}
