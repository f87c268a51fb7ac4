/**
 * Notifications: only for what needs a person, and once for each reason. A reason that has gone
 * and comes back is told again. Pure but for `Notices`.
 */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { isAtGitHub } from './account';
import type { Hubsync } from './context';
import { Failures } from './failures';
import type { Status } from './protocol';

export interface Need {
  /** Told once as long as this stays the same. */
  key: string;
  text: string;
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
    default:
      return null;
  }
}

export class Notices {
  private enabled = true;
  private told: string | null = null;
  private shown: string | null = null;
  private readonly failures = new Failures();

  constructor(
    private readonly hub: Hubsync,
    private readonly open: () => void
  ) {
    hub.model.changed.connect(() => this.look());
    this.look();
  }

  enable(on: boolean): void {
    this.enabled = on;
    if (!on && this.shown !== null) {
      Notification.dismiss(this.shown);
      this.shown = null;
    }
  }

  private look(): void {
    const { status } = this.hub.model;
    if (status === null || status.state === 'syncing' || status.state === 'pending') {
      return; // on its way to an answer
    }
    const need = this.failures.last(status) ? needOf(status, this.hub.trans) : null;
    if (need?.key === this.told) {
      return;
    }
    if (this.shown !== null) {
      Notification.dismiss(this.shown);
      this.shown = null;
    }
    this.told = need?.key ?? null;
    if (need !== null && this.enabled) {
      this.shown = Notification.warning(need.text, {
        autoClose: false,
        actions: [{ label: this.hub.trans.__('Show'), callback: this.open }]
      });
    }
  }
}
