/** What a set-up would do, told before anything is done. */
import React, { useEffect, useRef } from 'react';
import type { Hubsync } from '../context';
import * as format from '../format';
import type { Survey } from '../protocol';

export function SurveyView(props: { hub: Hubsync; survey: Survey }): JSX.Element {
  const { survey } = props;
  const { trans } = props.hub;
  const { up } = survey;
  const node = useRef<HTMLDivElement>(null);
  useEffect(() => node.current?.focus(), []); // the button that was pressed is gone
  return (
    <div
      ref={node}
      className="jp-hubsync-survey"
      role="group"
      aria-label={trans.__('What will happen')}
      tabIndex={-1}
    >
      <p>
        <strong>
          {trans._n(
            '%1 file, %2, will go up',
            '%1 files, %2, will go up',
            up.files,
            format.bytes(up.bytes)
          )}
        </strong>{' '}
        {survey.remote.found
          ? trans.__('and be united with what is there already. Where both differ, both are kept.')
          : trans.__('to a new place.')}
      </p>
      <dl className="jp-hubsync-facts">
        <dt>{trans.__('From')}</dt>
        <dd>{survey.root}</dd>
        <dt>{trans.__('To')}</dt>
        <dd>{format.place(survey.url)}</dd>
      </dl>
      {up.largest.length > 0 && (
        <details>
          <summary>{trans.__('The largest files')}</summary>
          <ul className="jp-hubsync-changes">
            {up.largest.map(one => (
              <li key={one.path}>
                <span className="jp-hubsync-path">{one.path}</span>{' '}
                <span className="jp-hubsync-faint">{format.bytes(one.size)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {survey.ignored_count > 0 && (
        <details>
          <summary>
            {trans._n(
              '%1 file or folder is ignored',
              '%1 files or folders are ignored',
              survey.ignored_count
            )}
          </summary>
          <ul className="jp-hubsync-changes">
            {survey.ignored.map(one => (
              <li key={one.path} title={trans.__('by %1 in %2', one.pattern, one.source)}>
                <span className="jp-hubsync-path">{one.path}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {survey.withheld.length > 0 && (
        <p className="jp-hubsync-hint">
          {trans.__('Stay here, as they look like secrets: %1', survey.withheld.join(', '))}
        </p>
      )}
      <Held hub={props.hub} held={survey.held} />
      {survey.repositories.length > 0 && (
        <p className="jp-hubsync-hint">
          {trans._n(
            '%1 Git repository inside travels as a repository.',
            '%1 Git repositories inside travel as repositories.',
            survey.repositories.length
          )}
        </p>
      )}
      {survey.problems.map(problem => (
        <p className="jp-hubsync-hint" key={problem.path}>
          {problem.path}: {problem.message}
        </p>
      ))}
    </div>
  );
}

/** What stays here although nothing ignores it: secrets, and what is too large for Git. */
function Held(props: { hub: Hubsync; held: Survey['held'] }): JSX.Element {
  const { held } = props;
  const { trans } = props.hub;
  return (
    <>
      {held.files > 0 && (
        <details open>
          <summary>
            {trans._n(
              '%1 file, %2, stays here',
              '%1 files, %2, stay here',
              held.files,
              format.bytes(held.bytes)
            )}
          </summary>
          <ul className="jp-hubsync-changes">
            {held.problems.map(one => (
              <li key={one.path} title={one.hint}>
                <span className="jp-hubsync-path">{one.path}</span>{' '}
                <span className="jp-hubsync-faint">{one.message}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {held.unsearched > 0 && (
        <p className="jp-hubsync-hint">
          {trans._n(
            '%1 file was not searched for secrets, as that takes long. Each is searched before it is sent.',
            '%1 files were not searched for secrets, as that takes long. Each is searched before it is sent.',
            held.unsearched
          )}
        </p>
      )}
    </>
  );
}
