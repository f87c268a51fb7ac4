import { Failures } from '../src/failures';
import type { Status } from '../src/protocol';

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
