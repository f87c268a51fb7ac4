/** The side panel. */
import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useRef } from 'react';
import { isAtGitHub } from '../account';
import type { Comparing } from '../comparing';
import type { Hubsync } from '../context';
import { syncIcon } from '../icons';
import { useModel } from '../ui';
import { Conflicts } from './conflicts';
import { History } from './history';
import { Login } from './login';
import { Overview } from './overview';
import { Problems } from './problems';
import { WaitingRemotes } from './remotes';
import { Section } from './section';
import { Setup } from './setup';
import type { PanelState } from './state';

function Panel(props: { hub: Hubsync; panel: PanelState; comparing: Comparing }): JSX.Element {
  const { hub, panel, comparing } = props;
  const { trans } = hub;
  useModel(hub);
  const { status } = hub.model;
  const node = useRef<HTMLDivElement>(null);
  const focusOnState = () =>
    node.current?.querySelector<HTMLElement>('.jp-hubsync-overview')?.focus();
  const needsLogin = status?.trouble?.kind === 'login' && isAtGitHub(status); // also while it tries
  const usesGit = status?.workspace?.remotes.some(one => one.mode !== null);
  const account = (
    <Section
      key={needsLogin ? 'needed' : 'account'}
      title={trans.__('Account at GitHub')}
      part="account"
      panel={panel}
      open={needsLogin}
    >
      {() => <Login hub={hub} done={() => void hub.goOn()} />}
    </Section>
  );
  return (
    <div ref={node} className="jp-hubsync-panel">
      <Overview hub={hub} status={status} />
      {status?.state === 'not-set-up' && (
        <Section title={trans.__('Set up sync')} part="setup" panel={panel}>
          {() => <Setup hub={hub} status={status} done={focusOnState} />}
        </Section>
      )}
      {status?.workspace && (
        <>
          {needsLogin && account}
          <WaitingRemotes hub={hub} />
          {status.conflict_count > 0 && (
            <Section
              title={trans.__('Conflicts')}
              part="conflicts"
              panel={panel}
              count={status.conflict_count}
            >
              {() => <Conflicts hub={hub} compare={one => comparing.conflict(one)} />}
            </Section>
          )}
          {status.problem_count > 0 && (
            <Section title={trans.__('Problems')} count={status.problem_count}>
              {() => <Problems hub={hub} problems={status.problems} count={status.problem_count} />}
            </Section>
          )}
          <Section title={trans.__('History')} part="history" panel={panel}>
            {() => (
              <History
                hub={hub}
                panel={panel}
                compare={(path, version) => comparing.version(path, version)}
              />
            )}
          </Section>
          {!needsLogin && usesGit && account}
        </>
      )}
    </div>
  );
}

export function createPanel(hub: Hubsync, panel: PanelState, comparing: Comparing): ReactWidget {
  const widget = ReactWidget.create(<Panel hub={hub} panel={panel} comparing={comparing} />);
  widget.id = 'hubsync-panel';
  widget.title.icon = syncIcon;
  widget.title.caption = hub.trans.__('Sync');
  widget.addClass('jp-hubsync-side');
  widget.node.setAttribute('role', 'region');
  widget.node.setAttribute('aria-label', hub.trans.__('Sync'));
  return widget;
}
