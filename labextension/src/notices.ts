/**
 * Notifications: only for what needs a person, and once for each reason. A reason counts as gone
 * when a sync has come through without it; if it comes back after that, it is told again.
 */
import { Notification } from '@jupyterlab/apputils';
import type { Hubsync } from './context';
import { Failures } from './failures';
import { needOf, reasonsLeft } from './needs';

export class Notices {
  private enabled = true;
  private told = new Set<string>();
  private shown: { id: string; reasons: string[] } | null = null;
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
    if (!on) {
      this.dismiss();
    }
  }

  private look(): void {
    const { status } = this.hub.model;
    if (status === null || status.state === 'syncing' || status.state === 'pending') {
      return; // on its way to an answer
    }
    const left = reasonsLeft(status);
    if (left !== null) {
      this.told = new Set(left.filter(reason => this.told.has(reason)));
      if (!this.shown?.reasons.some(reason => this.told.has(reason))) {
        this.dismiss();
      }
    }
    const need = this.failures.last(status) ? needOf(status, this.hub.trans) : null;
    if (need === null || need.reasons.every(reason => this.told.has(reason))) {
      return;
    }
    need.reasons.forEach(reason => this.told.add(reason));
    this.dismiss();
    if (this.enabled) {
      const id = Notification.warning(need.text, {
        autoClose: false,
        actions: [{ label: this.hub.trans.__('Show'), callback: this.open }]
      });
      this.shown = { id, reasons: need.reasons };
    }
  }

  private dismiss(): void {
    if (this.shown !== null) {
      Notification.dismiss(this.shown.id);
      this.shown = null;
    }
  }
}
