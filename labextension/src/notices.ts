/**
 * Notifications: only for what needs a person, and once for each reason. A reason that has gone
 * and comes back is told again.
 */
import { Notification } from '@jupyterlab/apputils';
import type { Hubsync } from './context';
import { Failures } from './failures';
import { isLess, needOf, type Need } from './needs';

export class Notices {
  private enabled = true;
  private told: Need | null = null;
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
    if (need?.key === this.told?.key || isLess(need, this.told)) {
      return;
    }
    if (this.shown !== null) {
      Notification.dismiss(this.shown);
      this.shown = null;
    }
    this.told = need;
    if (need !== null && this.enabled) {
      this.shown = Notification.warning(need.text, {
        autoClose: false,
        actions: [{ label: this.hub.trans.__('Show'), callback: this.open }]
      });
    }
  }
}
