/** Small pieces of the page that several parts use. */
import type { LabIcon } from '@jupyterlab/ui-components';
import { Button } from '@jupyterlab/ui-components';
import React, { useCallback, useEffect, useRef, useState } from 'react';
import { HubsyncError } from './api';
import type { Hubsync } from './context';
import * as icons from './icons';
import type { Fault } from './protocol';
import type { Sign } from './words';

const SIGNS: Record<Sign, LabIcon> = {
  synced: icons.syncedIcon,
  pending: icons.pendingIcon,
  sync: icons.syncIcon,
  offline: icons.offlineIcon,
  login: icons.loginIcon,
  conflict: icons.conflictIcon,
  stop: icons.stopIcon,
  paused: icons.pausedIcon,
  problem: icons.problemIcon,
  'set-up': icons.plusIcon,
  cloud: icons.plainIcon
};

export function Icon(props: { sign: Sign; spin?: boolean }): JSX.Element {
  const Drawn = SIGNS[props.sign];
  return (
    <Drawn.react
      tag="span"
      className={'jp-hubsync-icon' + (props.spin ? ' jp-mod-spinning' : '')}
      aria-hidden
    />
  );
}

export function Action(props: {
  label: string;
  run: () => void;
  primary?: boolean;
  disabled?: boolean;
  title?: string;
}): JSX.Element {
  return (
    <Button
      className={'jp-hubsync-button' + (props.primary ? ' jp-mod-accept jp-mod-styled' : '')}
      minimal={!props.primary}
      small
      disabled={props.disabled}
      title={props.title ?? props.label}
      onClick={props.run}
    >
      {props.label}
    </Button>
  );
}

export function FaultBox(props: { fault: Fault | null }): JSX.Element | null {
  const { fault } = props;
  return fault === null ? null : (
    <div className="jp-hubsync-fault" role="alert">
      <div>{fault.message}</div>
      {fault.hint && <div className="jp-hubsync-hint">{fault.hint}</div>}
    </div>
  );
}

/** Drawn again whenever the model changes. */
export function useModel(hub: Hubsync): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    const again = () => redraw(count => count + 1);
    hub.model.changed.connect(again);
    again(); // what has changed since it was drawn for the first time
    return () => void hub.model.changed.disconnect(again);
  }, [hub]);
}

/** Something that runs on request, one at a time: whether it runs, and why it failed. */
export function useWork(): {
  busy: boolean;
  fault: Fault | null;
  run: (work: () => Promise<unknown>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const run = useCallback((work: () => Promise<unknown>) => {
    setBusy(true);
    setFault(null);
    work()
      .catch((error: unknown) => setFault(HubsyncError.of(error)))
      .finally(() => setBusy(false));
  }, []);
  return { busy, fault, run };
}

/** What `load` gives, and again whenever `key` is another one; the last good answer meanwhile. */
export function useLoaded<Value>(
  load: () => Promise<Value>,
  key: string
): { value: Value | null; fault: Fault | null; reload: () => void } {
  const [value, setValue] = useState<Value | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const asked = useRef(0);
  const loader = useRef(load);
  loader.current = load;
  const reload = useCallback(() => {
    const mine = ++asked.current;
    loader
      .current()
      .then(answer => {
        if (mine === asked.current) {
          setValue(answer);
          setFault(null);
        }
      })
      .catch((error: unknown) => {
        if (mine === asked.current) {
          setFault(HubsyncError.of(error));
        }
      });
  }, []);
  useEffect(() => {
    reload();
    return () => void asked.current++;
  }, [key, reload]);
  return { value, fault, reload };
}
