/** The item in the status bar: one glance says whether the work is safe. */
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import type { Hubsync } from './context';
import { Icon, useModel } from './ui';
import { describe } from './words';

function StatusButton(props: { hub: Hubsync; open: () => void }): JSX.Element {
  const { hub } = props;
  useModel(hub);
  const words = describe(hub.model.status, hub.model.reachable, hub.trans);
  return (
    <button
      type="button"
      className={`jp-hubsync-status jp-mod-${words.tone}`}
      data-state={hub.model.status?.state ?? 'unknown'}
      title={words.detail}
      onClick={props.open}
    >
      <Icon sign={words.sign} spin={words.sign === 'sync'} />
      <span className="jp-hubsync-status-label">{words.label}</span>
    </button>
  );
}

export function createStatusItem(hub: Hubsync, open: () => void): ReactWidget {
  const item = ReactWidget.create(<StatusButton hub={hub} open={open} />);
  item.addClass('jp-hubsync-status-item');
  return item;
}
