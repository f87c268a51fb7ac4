/** One state in words: what the status item and the panel say. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { isAtGitHub } from './account';
import * as format from './format';
import type { Progress, State, Status } from './protocol';

/** `quiet`: nothing to do; `busy`: going on; `attention`: a person is needed. */
export type Tone = 'quiet' | 'busy' | 'attention';

export type Sign =
  | 'synced'
  | 'pending'
  | 'sync'
  | 'offline'
  | 'login'
  | 'conflict'
  | 'stop'
  | 'paused'
  | 'problem'
  | 'set-up'
  | 'cloud';

export interface Words {
  sign: Sign;
  /** A word or two. */
  label: string;
  /** A sentence or some. */
  detail: string;
  tone: Tone;
}

const SIGNS: Record<State, Sign> = {
  idle: 'cloud',
  pending: 'pending',
  syncing: 'sync',
  synced: 'synced',
  offline: 'offline',
  'needs-login': 'login',
  conflicts: 'conflict',
  'stopped-for-safety': 'stop',
  paused: 'paused',
  failed: 'problem',
  'not-set-up': 'set-up',
  starting: 'sync',
  restoring: 'sync',
  off: 'cloud'
};

const BUSY: ReadonlySet<State> = new Set(['pending', 'syncing', 'starting', 'restoring']);
const ATTENTION: ReadonlySet<State> = new Set([
  'needs-login',
  'conflicts',
  'stopped-for-safety',
  'failed'
]);

export function describe(
  status: Status | null,
  reachable: boolean,
  trans: TranslationBundle,
  now: Date = new Date()
): Words {
  if (reachable && status === null) {
    return {
      sign: 'cloud',
      label: trans.__('Sync'),
      detail: trans.__('What is synced is not known yet.'),
      tone: 'quiet'
    };
  }
  if (!reachable || status === null) {
    return {
      sign: 'offline',
      label: trans.__('No server'),
      detail: trans.__('The Jupyter server does not answer; what is synced is not known.'),
      tone: 'quiet'
    };
  }
  const { state } = status;
  return {
    sign: SIGNS[state] ?? 'cloud',
    label: label(status, trans),
    detail: [sentence(status, trans, now), ...remainder(status, trans)].filter(Boolean).join('\n'),
    tone: ATTENTION.has(state) ? 'attention' : BUSY.has(state) ? 'busy' : 'quiet'
  };
}

function label(status: Status, trans: TranslationBundle): string {
  switch (status.state) {
    case 'idle':
      return trans.__('Sync is on');
    case 'pending':
      return trans.__('Changes wait');
    case 'syncing':
      return percentage(status.progress, trans.__('Syncing'));
    case 'synced':
      return trans.__('Synced');
    case 'offline':
      return trans.__('Offline');
    case 'needs-login':
      return isAtGitHub(status) ? trans.__('Sign in to sync') : trans.__('Sync is refused');
    case 'conflicts':
      return trans._n('%1 conflict', '%1 conflicts', status.conflict_count);
    case 'stopped-for-safety':
      return trans.__('Sync stopped');
    case 'paused':
      return trans.__('Sync paused');
    case 'failed':
      return trans.__('Sync failed');
    case 'not-set-up':
      return trans.__('Set up sync');
    case 'starting':
      return trans.__('Sync starts');
    case 'restoring':
      return percentage(status.progress, trans.__('Restoring'));
    case 'off':
      return isElsewhere(status) ? trans.__('Synced elsewhere') : trans.__('Sync is off');
    default:
      return String(status.state);
  }
}

function percentage(progress: Progress | null, word: string): string {
  if (progress === null || progress.bytes <= 0) {
    return progress !== null && progress.files > 0
      ? `${word} ${progress.files_done}/${progress.files}`
      : `${word}…`;
  }
  const share = Math.min(1, progress.bytes_done / progress.bytes);
  return `${word} ${Math.floor(share * 100)} %`;
}

/** How far a run is: `Uploading · 1 of 4 files · 50 kB of 200 kB`. */
function measure(progress: Progress, trans: TranslationBundle): string {
  const parts = [progress.phase];
  if (progress.files > 0) {
    parts.push(trans.__('%1 of %2 files', progress.files_done, progress.files));
  }
  if (progress.bytes > 0) {
    const [done, all] = [format.bytes(progress.bytes_done), format.bytes(progress.bytes)];
    parts.push(trans.__('%1 of %2', done, all));
  }
  return parts.join(' · ');
}

function sentence(status: Status, trans: TranslationBundle, now: Date): string {
  switch (status.state) {
    case 'idle':
      return trans.__('Your files are watched; nothing has changed yet.');
    case 'pending':
      return trans._n(
        '%1 change will be sent in a moment.',
        '%1 changes will be sent in a moment.',
        status.pending
      );
    case 'syncing':
      return status.progress
        ? measure(status.progress, trans)
        : trans.__('Your files are being synced.');
    case 'synced':
      if (status.problem_count > 0 && status.last_sync) {
        return trans.__('All else is safe since %1.', format.when(status.last_sync, now));
      }
      return status.last_sync
        ? trans.__('Everything is safe since %1.', format.when(status.last_sync, now))
        : trans.__('Everything is safe.');
    case 'offline':
      return trans.__(
        'The remote cannot be reached. Your work is safe here and goes on by itself.'
      );
    case 'needs-login':
      return isAtGitHub(status)
        ? trans.__(
            'The remote does not know you any more. Your work is safe here, and is sent once you have signed in.'
          )
        : trans.__(
            'The remote does not let you in. Your work is safe here, and is sent once it does.'
          );
    case 'conflicts':
      return trans.__('Both versions of each are kept; choose which one you want.');
    case 'stopped-for-safety':
      return trans.__('Something looks wrong, so nothing was changed, here or on the remote.');
    case 'paused':
      return trans.__(
        'Nothing is sent or fetched until you resume or the server is started again.'
      );
    case 'failed':
      return trans.__('The last sync failed; it is tried again.');
    case 'not-set-up':
      return trans.__('Keep your files safe in a place of your own, and have them on every hub.');
    case 'starting':
      return trans.__('Looking at your files.');
    case 'restoring':
      return [
        trans.__('Your files are being brought back from the remote.'),
        ...(status.progress ? [measure(status.progress, trans)] : [])
      ].join('\n');
    case 'off':
      return isElsewhere(status)
        ? trans.__('Another program keeps your files in sync.')
        : trans.__('Nothing is sent or fetched.');
    default:
      return '';
  }
}

/** Whether another process has the workspace's session: `hubsync watch`, or another server. */
export function isElsewhere(status: Status): boolean {
  return status.state === 'off' && status.trouble?.kind === 'busy';
}

/** Safety stops that may be what the person wants. */
const CONFIRMABLE: ReadonlySet<string> = new Set(['mass-deletion', 'local-empty', 'remote-empty']);

export function isConfirmable(status: Status): boolean {
  return CONFIRMABLE.has(status.trouble?.code ?? '');
}

/** Whether the work could go to a copy of the repository that is the person's own. */
export function isForkable(status: Status): boolean {
  return status.trouble?.code === 'no-right-to-push' && isAtGitHub(status);
}

/** What to do next, by what the page has buttons for; else as the server says it. */
export function advice(status: Status, trans: TranslationBundle): string {
  if (status.state === 'needs-login' && isAtGitHub(status)) {
    return trans.__('Sign in below.');
  }
  if (isConfirmable(status)) {
    return trans.__(
      'If the files were deleted on purpose, carry out the deletions; the history can bring them back later. If not, leave it like this until they are back: nothing is sent or fetched before.'
    );
  }
  if (isForkable(status)) {
    return trans.__(
      'Work on a fork: a copy at GitHub that is yours, from which you can propose it.'
    );
  }
  if (status.trouble?.code === 'unreachable') {
    return ''; // it goes on by itself, and there is no command to run again
  }
  return status.trouble?.hint ?? '';
}

/** What is told beside it: why, and how many problems there are. */
function remainder(status: Status, trans: TranslationBundle): string[] {
  const lines: string[] = [];
  if (status.trouble) {
    lines.push(status.trouble.message);
  }
  if (status.state === 'offline' && status.pending > 0) {
    lines.push(trans._n('%1 change waits.', '%1 changes wait.', status.pending));
  }
  if (status.problem_count > 0) {
    lines.push(
      trans._n('%1 file cannot be synced.', '%1 files cannot be synced.', status.problem_count)
    );
  }
  return lines;
}
