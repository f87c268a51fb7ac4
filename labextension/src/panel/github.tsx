/** A repository at GitHub: pick one, or make one. */
import React, { useState } from 'react';
import type { Hubsync } from '../context';
import type { Repository } from '../protocol';
import { Action, FaultBox, useLoaded, useWork } from '../ui';
import { Login } from './login';

export function GitHubChoice(props: {
  hub: Hubsync;
  chosen: string;
  choose: (url: string) => void;
}): JSX.Element {
  const { hub, choose, chosen } = props;
  const { trans } = hub;
  const [signedIn, setSignedIn] = useState(0);
  const [name, setName] = useState('');
  const [made, setMade] = useState<Repository[]>([]);
  const accounts = useLoaded(hub.api.accounts, `${signedIn}`);
  const known = Boolean(accounts.value && !accounts.value.error && accounts.value.accounts.length);
  const found = useLoaded(
    async () => (known ? await allRepositories(hub) : []),
    `${signedIn}:${known}`
  );
  const work = useWork();
  const makeIt = () =>
    work.run(async () => {
      const one = await hub.api.createRepository(name.trim(), true);
      setMade([one, ...made]);
      setName('');
      choose(one.url);
    });
  if (!accounts.value && !accounts.fault) {
    return <div className="jp-hubsync-faint">{trans.__('Asking GitHub…')}</div>;
  }
  const repositories = [...made, ...(found.value ?? [])];
  return (
    <div className="jp-hubsync-github">
      {known ? (
        <>
          <label>
            {trans.__('Repository:')}
            <select
              className="jp-mod-styled"
              value={chosen}
              onChange={event => choose(event.target.value)}
            >
              <option value="">{trans.__('choose one')}</option>
              {repositories.map(one => (
                <option key={one.url} value={one.url} title={one.description}>
                  {one.full_name}
                  {one.private ? '' : ` (${trans.__('public')})`}
                </option>
              ))}
            </select>
          </label>
          <label>
            {trans.__('or make a private one:')}
            <span className="jp-hubsync-row">
              <input
                className="jp-mod-styled"
                value={name}
                placeholder="work"
                onChange={event => setName(event.target.value)}
                onKeyDown={event => {
                  if (event.key === 'Enter') {
                    event.preventDefault(); // it is the repository's name that is complete
                    if (name.trim() !== '') {
                      makeIt();
                    }
                  }
                }}
              />
              <Action
                label={trans.__('Make it')}
                disabled={work.busy || name.trim() === ''}
                run={makeIt}
              />
            </span>
          </label>
        </>
      ) : (
        <Login hub={hub} done={() => setSignedIn(signedIn + 1)} />
      )}
      <FaultBox fault={work.fault ?? found.fault ?? accounts.fault} />
    </div>
  );
}

const PAGES = 10;

async function allRepositories(hub: Hubsync): Promise<Repository[]> {
  const all: Repository[] = [];
  let next: number | null = 1;
  for (let turn = 0; next !== null && turn < PAGES; turn++) {
    const page: { repositories: Repository[]; next: number | null } =
      await hub.api.repositories(next);
    all.push(...page.repositories.filter(one => one.can_push));
    next = page.next;
  }
  return all;
}
