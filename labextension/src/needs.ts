/** What a person has to do, in words; pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { isAtGitHub } from './account';
import type { Status } from './protocol';

export interface Need {
  /** Told once as long as this stays the same. */
  key: string;
  text: string;
  /** What it is made up of: with fewer of these it is not told anew. */
  parts?: string[];
}

/** What a person has to do, if anything. */
export function needOf(status: Status | null, trans: TranslationBundle): Need | null {
  switch (status?.state) {
    case 'needs-login':
      return {
        key: 'login',
        text: isAtGitHub(status)
          ? trans.__('Sync needs you to sign in.')
          : trans.__('Sync is refused: %1', status.trouble?.message ?? '')
      };
    case 'stopped-for-safety':
      return {
        key: `safety:${status.trouble?.code ?? ''}`,
        text: trans.__('Sync stopped, as something looks wrong: %1', status.trouble?.message ?? '')
      };
    case 'conflicts':
      return {
        key: `conflicts:${status.conflicts.map(one => one.copy).join('|')}`,
        text: trans._n(
          '%1 file was changed on two hubs at once. Both versions are kept; choose one.',
          '%1 files were changed on two hubs at once. Both versions of each are kept; choose one.',
          status.conflict_count
        )
      };
    case 'failed':
      return {
        key: `failed:${status.trouble?.code ?? ''}`,
        text: trans.__('Sync fails again and again: %1', status.trouble?.message ?? '')
      };
    case 'synced':
    case 'idle':
      return problemsOf(status, trans);
    default:
      return null;
  }
}

function problemsOf(status: Status, trans: TranslationBundle): Need | null {
  const [first] = status.problems;
  if (first === undefined) {
    return null;
  }
  const parts = status.problems.map(one => `${one.path}: ${one.code}`);
  const text =
    status.problem_count === 1
      ? trans.__('1 file cannot be synced: %1', first.message)
      : trans.__('%1 files cannot be synced; the first: %2', status.problem_count, first.message);
  return { key: `problems:${parts.join('|')}`, text, parts };
}

/** Whether nothing is in `now` that was not told of before. */
export function isLess(now: Need | null, told: Need | null): boolean {
  const before = new Set(told?.parts);
  return now?.parts !== undefined && now.parts.every(one => before.has(one));
}
