import { Failures } from '../src/failures';
import { isLess, needOf } from '../src/needs';
import type { Status } from '../src/protocol';
import { trans } from './english';

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
    problem_count: paths.length,
    problems: paths.map(path => ({
      path,
      code: 'secret',
      message: `${path} is held back.`,
      hint: ''
    }))
  }) as unknown as Status;

test('files that cannot be synced are told of, and again only if others are', () => {
  const one = needOf(withProblems('a'), trans);
  const two = needOf(withProblems('a', 'b'), trans);
  expect(one?.text).toBe('1 file cannot be synced: a is held back.');
  expect(two?.text).toBe('2 files cannot be synced; the first: a is held back.');
  expect(isLess(two, one)).toBe(false);
  expect(isLess(one, two)).toBe(true);
  expect(needOf(withProblems(), trans)).toBeNull();
  expect(isLess(needOf(withProblems(), trans), two)).toBe(false);
});
