/** Signing in at GitHub: with a code on GitHub's page, or with a token. */
import React, { useEffect, useState } from 'react';
import type { Hubsync } from '../context';
import type { Device } from '../protocol';
import { Action, FaultBox, useLoaded, useWork } from '../ui';

export function Login(props: { hub: Hubsync; done?: () => void }): JSX.Element {
  const { hub } = props;
  const { trans } = hub;
  const login = hub.model.status?.login;
  const [device, setDevice] = useState<Device | null>(login?.waiting ?? null);
  const [token, setToken] = useState('');
  const work = useWork();
  const accounts = useLoaded(hub.api.accounts, `${device?.state}`);
  useFollowed(hub, device, setDevice, () => {
    accounts.reload();
    props.done?.();
  });
  if (device?.state === 'waiting') {
    return (
      <DeviceCode
        hub={hub}
        device={device}
        giveUp={() => work.run(() => hub.api.giveUpLogin().then(() => setDevice(null)))}
      />
    );
  }
  const [account] = accounts.value?.accounts ?? [];
  if (account && !accounts.value?.error) {
    return (
      <div>
        {trans.__('Signed in at %1 as %2.', account.host, account.user)}
        <div className="jp-hubsync-actions">
          <Action
            label={trans.__('Sign out')}
            disabled={work.busy}
            run={() => work.run(() => hub.api.logout().then(accounts.reload))}
          />
        </div>
        <FaultBox fault={work.fault} />
      </div>
    );
  }
  return (
    <div className="jp-hubsync-login">
      {login?.available && (
        <Action
          primary
          label={trans.__('Sign in at %1', login.host)}
          disabled={work.busy}
          run={() => work.run(async () => setDevice(await hub.api.beginLogin()))}
        />
      )}
      <form
        className="jp-hubsync-form"
        onSubmit={event => {
          event.preventDefault();
          work.run(async () => {
            await hub.api.loginWith(token);
            setToken('');
            accounts.reload();
            props.done?.();
          });
        }}
      >
        <label>
          {login?.available
            ? trans.__('or with a token:')
            : trans.__('Sign in at %1 with a token:', login?.host ?? 'GitHub')}
          <input
            className="jp-mod-styled"
            type="password"
            autoComplete="off"
            value={token}
            onChange={event => setToken(event.target.value)}
          />
        </label>
        <Action label={trans.__('Sign in')} disabled={work.busy || !token} run={() => undefined} />
      </form>
      <FaultBox fault={work.fault ?? device?.error ?? null} />
    </div>
  );
}

function DeviceCode(props: { hub: Hubsync; device: Device; giveUp: () => void }): JSX.Element {
  const { hub, device } = props;
  const { trans } = hub;
  return (
    <div className="jp-hubsync-device">
      <div>{trans.__('Enter this code on the page of %1:', device.host)}</div>
      <div className="jp-hubsync-row">
        <span className="jp-hubsync-code">{device.code}</span>
        <Action
          label={trans.__('Copy')}
          title={trans.__('Copy the code')}
          run={() => void navigator.clipboard?.writeText(device.code)}
        />
      </div>
      <div className="jp-hubsync-actions">
        <a
          className="jp-hubsync-button jp-mod-accept jp-mod-styled"
          href={device.link}
          title={device.link}
          target="_blank"
          rel="noreferrer noopener"
        >
          {trans.__('Open the page')}
        </a>
        <Action label={trans.__('Give up')} run={props.giveUp} />
      </div>
      <div className="jp-hubsync-faint" role="status">
        {trans.__('Waiting until the code was entered…')}
      </div>
    </div>
  );
}

/** Asks how a device login goes until it has ended. */
function useFollowed(
  hub: Hubsync,
  device: Device | null,
  set: (device: Device | null) => void,
  done: () => void
): void {
  useEffect(() => {
    if (device?.state !== 'waiting') {
      return;
    }
    const timer = setInterval(
      () => {
        hub.api.device().then(
          now => {
            if (now?.state !== 'waiting') {
              set(now);
              if (now?.state === 'done') {
                done();
              }
            }
          },
          () => undefined // asked again at the next turn
        );
      },
      Math.max(1, device.interval) * 1000
    );
    return () => clearInterval(timer);
  }, [device]);
}
