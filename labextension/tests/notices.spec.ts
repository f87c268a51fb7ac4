import { Failures } from '../src/failures';
import type { Hubsync } from '../src/context';
import { SyncModel } from '../src/model';
import { Notices } from '../src/notices';
import type { State, Status } from '../src/protocol';
import { trans } from './english';

/** Notifications, in the order in which they came, until they are dismissed. */
const screen = new Map<string, string>();
let count = 0;

jest.mock('@jupyterlab/apputils', () => ({
  Notification: {
    warning: (text: string): string => {
      screen.set(`${++count}`, text);
      return `${count}`;
    },
    dismiss: (id: string) => screen.delete(id)
  }
}));

const failed = (retry_at: string) => ({ state: 'failed', retry_at }) as Status;
const synced = { state: 'synced', retry_at: null } as Status;

test('a failure is told when another try has failed as well', () => {
  const failures = new Failures();
  expect(failures.last(failed('10:00'))).toBe(false);
  expect(failures.last(failed('10:00'))).toBe(false);
  expect(failures.last(failed('10:01'))).toBe(true);
  expect(failures.last(failed('10:02'))).toBe(true);
});

test('a failure that has passed counts anew', () => {
  const failures = new Failures();
  failures.last(failed('10:00'));
  expect(failures.last(synced)).toBe(true);
  expect(failures.last(failed('11:00'))).toBe(false);
});

const withProblems = (...paths: string[]) =>
  ({
    state: 'synced',
    workspace: null,
    login: { host: 'github.com' },
    conflicts: [],
    problem_count: paths.length,
    problems: paths.map(path => ({
      path,
      code: 'secret',
      message: `${path} is held back.`,
      hint: ''
    }))
  }) as unknown as Status;

const withConflicts = (...copies: string[]) =>
  ({
    ...withProblems(),
    state: copies.length > 0 ? 'conflicts' : 'synced',
    conflict_count: copies.length,
    conflicts: copies.map(copy => ({ path: copy, copy }))
  }) as unknown as Status;

const inState = (state: State) => ({ ...withProblems(), state }) as Status;

/** What is on the screen after each status. */
class Told {
  private readonly model = new SyncModel();

  constructor() {
    screen.clear();
    new Notices({ model: this.model, trans } as Hubsync, () => undefined);
  }

  by(...statuses: Status[]): string[] {
    statuses.forEach(status => this.model.setStatus(status));
    return [...screen.values()];
  }

  /** A person has read what there is, and closes it. */
  read(): void {
    screen.clear();
  }
}

const CONFLICT = '1 file was changed on two hubs at once. Both versions are kept; choose one.';
const CONFLICTS = (count: number) =>
  `${count} files were changed on two hubs at once. Both versions of each are kept; choose one.`;
const HELD = '1 file cannot be synced: a is held back.';
const SIGN_IN = 'Sync is refused: ';

test('files that cannot be synced are told of, and again only if others are', () => {
  const told = new Told();
  expect(told.by(withProblems('a'))).toEqual([HELD]);
  const both = '2 files cannot be synced; the first: a is held back.';
  expect(told.by(withProblems('a', 'b'))).toEqual([both]);
  expect(told.by(withProblems('b'))).toEqual([both]);
  expect(told.by(withProblems())).toEqual([]);
  expect(told.by(withProblems('a'))).toEqual([HELD]);
});

test('conflicts that were told of are not told again when one of them is resolved', () => {
  const told = new Told();
  expect(told.by(withConflicts('a', 'b', 'c'))).toEqual([CONFLICTS(3)]);
  told.read();
  expect(told.by(withConflicts('b', 'c'), inState('syncing'), withConflicts('c'))).toEqual([]);
  expect(told.by(withConflicts('c', 'd'))).toEqual([CONFLICTS(2)]);
});

test.each<[State]>([['paused'], ['offline'], ['off'], ['starting'], ['idle'], ['needs-login']])(
  'what was told stays told while the sync is %s',
  state => {
    for (const status of [withConflicts('a'), withProblems('a')]) {
      const told = new Told();
      expect(told.by(status)).toHaveLength(1);
      told.read();
      told.by(inState(state));
      expect(told.by(status)).toEqual([]);
    }
  }
);

test('a notification that nobody has closed stays while the sync is offline', () => {
  const told = new Told();
  told.by(withConflicts('a'));
  expect(told.by(inState('offline'))).toEqual([CONFLICT]);
  expect(told.by(withConflicts())).toEqual([]);
});

test('a login that has ended is told once, and again when it ends after it was renewed', () => {
  const told = new Told();
  expect(told.by(inState('needs-login'))).toEqual([SIGN_IN]);
  told.read();
  expect(told.by(inState('offline'), inState('needs-login'))).toEqual([]);
  expect(told.by(withProblems(), inState('needs-login'))).toEqual([SIGN_IN]);
  expect(told.by(withProblems())).toEqual([]);
});

test('a conflict that was resolved and comes again is told again', () => {
  const told = new Told();
  told.by(withConflicts('a', 'b'), withConflicts('b'));
  expect(told.by(withConflicts('a', 'b'))).toEqual([CONFLICTS(2)]);
  expect(told.by(inState('not-set-up'))).toEqual([]);
  expect(told.by(withConflicts('b'))).toEqual([CONFLICT]);
});
