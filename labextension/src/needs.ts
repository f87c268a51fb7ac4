/** What a person has to do, in words; pure. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { isAtGitHub } from './account';
import type { Status } from './protocol';

export interface Need {
  /** What it is made up of, at least one; each is told once. */
  reasons: string[];
  text: string;
}

/** What a person has to do, if anything. */
export function needOf(status: Status | null, trans: TranslationBundle): Need | null {
  switch (status?.state) {
    case 'needs-login':
      return {
        reasons: ['login'],
        text: isAtGitHub(status)
          ? trans.__('Sync needs you to sign in.')
          : trans.__('Sync is refused: %1', status.trouble?.message ?? '')
      };
    case 'stopped-for-safety':
      return {
        reasons: [`safety:${status.trouble?.code ?? ''}`],
        text: trans.__('Sync stopped, as something looks wrong: %1', status.trouble?.message ?? '')
      };
    case 'conflicts':
      return {
        reasons: conflictsOf(status),
        text: trans._n(
          '%1 file was changed on two hubs at once. Both versions are kept; choose one.',
          '%1 files were changed on two hubs at once. Both versions of each are kept; choose one.',
          status.conflict_count
        )
      };
    case 'failed':
      return {
        reasons: [`failed:${status.trouble?.code ?? ''}`],
        text: trans.__('Sync fails again and again: %1', status.trouble?.message ?? '')
      };
    case 'synced':
    case 'idle':
      return needOfProblems(status, trans);
    default:
      return null;
  }
}

function needOfProblems(status: Status, trans: TranslationBundle): Need | null {
  const [first] = status.problems;
  if (first === undefined) {
    return null;
  }
  const text =
    status.problem_count === 1
      ? trans.__('1 file cannot be synced: %1', first.message)
      : trans.__('%1 files cannot be synced; the first: %2', status.problem_count, first.message);
  return { reasons: problemsOf(status), text };
}

/**
 * What is still so of all that may have been told; null if this status cannot know, as no sync has
 * come through: offline or paused, what was told is as it was.
 */
export function reasonsLeft(status: Status): string[] | null {
  switch (status.state) {
    case 'synced':
    case 'conflicts':
      return [...conflictsOf(status), ...problemsOf(status)];
    case 'not-set-up':
      return [];
    default:
      return null;
  }
}

function conflictsOf(status: Status): string[] {
  return status.conflicts.map(one => `conflict:${one.copy}`);
}

function problemsOf(status: Status): string[] {
  return status.problems.map(one => `problem:${one.code}:${one.path}`);
}
