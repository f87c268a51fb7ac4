import { bytes, when } from '../src/format';
import { isAtGitHub } from '../src/account';
import { SyncModel } from '../src/model';
import { toContents, toWorkspace } from '../src/paths';
import { kindsFor, wishOf } from '../src/panel/wish';
import type { Outcome, State, Status } from '../src/protocol';
import { advice, describe as words } from '../src/words';
import { trans } from './english';

function status(state: State, rest: Partial<Status> = {}): Status {
  return {
    state,
    workspace: null,
    paused: false,
    pending: 0,
    progress: null,
    last_sync: null,
    last: null,
    trouble: null,
    retry_at: null,
    conflict_count: 0,
    conflicts: [],
    problem_count: 0,
    problems: [],
    watching: { how: '', why: '' },
    tasks: [],
    login: { host: 'github.com', available: false, app_page: '', waiting: null },
    operator: {
      default_remote: null,
      default_remote_error: null,
      allowed_remotes: [],
      permits: { github: true, folder: true, embedded: true },
      mode: null,
      auto_start: true,
      restore_on_start: false
    },
    server: { version: '0', api: 1 },
    ...rest
  };
}

function outcome(ended: string, changed_here: string[] = []): Outcome {
  return {
    ended,
    up: 0,
    down: 0,
    merged: 0,
    deleted_locally: 0,
    deleted_remotely: 0,
    kept: 0,
    unsynced: 0,
    bytes: 0,
    seconds: 0,
    nothing_done: false,
    sent: [],
    changed_here,
    new_conflicts: []
  };
}

test('a cycle is told once, whichever way it is heard of', () => {
  const model = new SyncModel();
  const told: string[][] = [];
  model.filesChanged.connect((_, paths) => told.push(paths));
  const one = outcome('2026-11-28T16:00:00.000000Z', ['a.md']);
  model.receive({ action: 'synced', status: status('synced'), outcome: one });
  model.setOutcome(one);
  model.setOutcome(outcome('2026-11-28T15:00:00.000000Z', ['older.md']));
  model.setOutcome(outcome('2026-11-28T16:00:01.000000Z', ['b.md']));
  expect(told).toEqual([['a.md'], ['b.md']]);
});

test('a change is told, the same status again is not', () => {
  const model = new SyncModel();
  let count = 0;
  model.changed.connect(() => count++);
  model.setStatus(status('synced'));
  model.setStatus(status('synced'));
  expect(count).toBe(1);
  model.setUnreachable();
  model.setUnreachable();
  expect(count).toBe(2);
  model.setStatus(status('synced'));
  expect(count).toBe(3);
});

const STATES: [State, string, string][] = [
  ['idle', 'cloud', 'quiet'],
  ['pending', 'pending', 'busy'],
  ['syncing', 'sync', 'busy'],
  ['synced', 'synced', 'quiet'],
  ['offline', 'offline', 'quiet'],
  ['needs-login', 'login', 'attention'],
  ['conflicts', 'conflict', 'attention'],
  ['stopped-for-safety', 'stop', 'attention'],
  ['paused', 'paused', 'quiet'],
  ['failed', 'problem', 'attention'],
  ['not-set-up', 'set-up', 'quiet'],
  ['starting', 'sync', 'busy'],
  ['restoring', 'sync', 'busy'],
  ['off', 'cloud', 'quiet']
];

test('while another program may sync, each look at the status is told, also where it is the same', () => {
  const model = new SyncModel();
  let told = 0;
  model.untold.connect(() => told++);
  model.setStatus(status('synced'));
  expect([told, model.isUntold]).toEqual([0, false]);
  model.setStatus(status('off'));
  model.setStatus(status('off'));
  model.setStatus(status('paused'));
  expect([told, model.isUntold]).toEqual([3, true]);
});

test('off with a session elsewhere does not say that nothing is sent', () => {
  const trouble = { kind: 'busy', code: 'session-running', message: 'By process 7.', hint: '' };
  const told = words({ ...status('off'), trouble }, true, trans);
  expect(told.label).toBe('Synced elsewhere');
  expect(told.detail).toBe('Another program keeps your files in sync.\nBy process 7.');
});

test.each(STATES)('%s has a sign, a word, a sentence and a tone', (state, sign, tone) => {
  const told = words(status(state), true, trans);
  expect([told.sign, told.tone]).toEqual([sign, tone]);
  expect(told.label).not.toBe('');
  expect(told.detail).not.toBe('');
});

test('every state has a word of its own', () => {
  const labels = STATES.map(([state]) => words(status(state), true, trans).label);
  expect(new Set(labels).size).toBe(labels.length);
});

test('progress is told in percent of the bytes, else in files', () => {
  const progress = { phase: 'Sending', files: 4, files_done: 1, bytes: 0, bytes_done: 0 };
  expect(words(status('syncing', { progress }), true, trans).label).toBe('Syncing 1/4');
  const measured = { ...progress, bytes: 200, bytes_done: 50 };
  const told = words(status('syncing', { progress: measured, problem_count: 1 }), true, trans);
  expect(told.label).toBe('Syncing 25 %');
  expect(told.detail).toBe('Sending · 1 of 4 files · 50 B of 200 B\n1 file cannot be synced.');
  const back = words(status('restoring', { progress }), true, trans).detail;
  expect(back).toBe('Your files are being brought back from the remote.\nSending · 1 of 4 files');
});

test('the tooltip says why, and how many files have a problem', () => {
  const trouble = { kind: 'offline', code: 'unreachable', message: 'No route.', hint: '' };
  const told = words(status('offline', { trouble, pending: 3, problem_count: 2 }), true, trans);
  expect(told.detail.split('\n').slice(1)).toEqual([
    'No route.',
    '3 changes wait.',
    '2 files cannot be synced.'
  ]);
});

function linkedTo(url: string): Partial<Status> {
  const remotes = [{ name: 'origin', url, mode: null, last_sync: null }];
  return { workspace: { root: '/w', contents_prefix: '', workspace_prefix: '', remotes } };
}

test.each([
  ['git+https://github.com/ada/work.git', true],
  ['https://ada@github.com/ada/work.git', true],
  ['git+ssh://git@github.com/ada/work.git', false],
  ['git+https://gitlab.org/github.com/work.git', false],
  ['s3://github.com/ada', false]
])('signing in at GitHub helps with %s: %s', (url, helps) => {
  expect(isAtGitHub(status('needs-login', linkedTo(url)))).toBe(helps);
});

test('what to do next is what the panel has a button for', () => {
  const hint = "Run 'hubsync login github'.";
  const trouble = { kind: 'login', code: 'access-denied', message: 'No.', hint };
  const there = linkedTo('git+https://github.com/ada/work.git');
  expect(advice(status('needs-login', { trouble, ...there }), trans)).toBe('Sign in below.');
  const elsewhere = linkedTo('s3://bucket/ada');
  expect(advice(status('needs-login', { trouble, ...elsewhere }), trans)).toBe(hint);
  const stop = { kind: 'safety', code: 'mass-deletion', message: 'Many.', hint: '`--confirm`' };
  const told = advice(status('stopped-for-safety', { trouble: stop }), trans);
  expect(told).toContain('carry out the deletions');
  expect(told).not.toContain('--confirm');
});

test('a server that does not answer is no state of the sync', () => {
  expect(words(status('synced'), false, trans).label).toBe('No server');
});

const BELOW = { contents_prefix: 'work', workspace_prefix: '' };
const ABOVE = { contents_prefix: '', workspace_prefix: 'notebooks' };

test.each([
  [BELOW, 'work/a/b.md', 'a/b.md'],
  [BELOW, 'work', ''],
  [BELOW, 'workshop/a.md', null],
  [ABOVE, 'a.md', 'notebooks/a.md'],
  [ABOVE, '', 'notebooks'],
  [ABOVE, 'RTC:a.md', 'notebooks/a.md'],
  [ABOVE, 's3:bucket/a.md', null]
])('%j holds %s as %s', (at, contents, workspace) => {
  expect(toWorkspace(at, contents)).toBe(workspace);
});

test('a path of the workspace that Jupyter does not serve has no contents path', () => {
  expect(toContents(ABOVE, 'notebooks/a.md')).toBe('a.md');
  expect(toContents(ABOVE, 'other/a.md')).toBeNull();
  expect(toContents(BELOW, 'a.md')).toBe('work/a.md');
});

test.each([
  ['folder', '/shared/ada b', '', { url: 'file:///shared/ada%20b' }],
  ['folder', '  ', '', null],
  [
    'address',
    's3://b/a',
    'endpoint=https://x\nregion = eu=1\n\n',
    { url: 's3://b/a', options: { endpoint: 'https://x', region: 'eu=1' } }
  ],
  ['embedded', '', '', { embedded: true }],
  ['default', '', '', {}]
] as const)('%s %j with %j is asked for as %j', (kind, text, options, wish) => {
  expect(wishOf(kind, text, options)).toEqual(wish);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [4006, '4.0 kB'],
  [999_600, '1.0 MB'],
  [123_456_789, '123 MB']
])('%d bytes are told as %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

test('today is told by the clock, another day with its date', () => {
  const now = new Date(2026, 10, 28, 16, 0);
  expect(when(new Date(2026, 10, 28, 9, 5).toISOString(), now)).toMatch(/^0?9:05/);
  expect(when(new Date(2026, 10, 27, 9, 5).toISOString(), now)).toContain('27');
});

test('the wizard offers what the hub permits, and its own place where it has one', () => {
  const { operator } = status('not-set-up');
  expect(kindsFor(operator)).toEqual(['github', 'folder', 'address', 'embedded']);
  const permits = { github: false, folder: true, embedded: false };
  const strict = { ...operator, default_remote: 's3://hub/ada', permits };
  expect(kindsFor(strict)).toEqual(['default', 'folder', 'address']);
});
