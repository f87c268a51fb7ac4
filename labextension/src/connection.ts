/**
 * Keeps the model fed by events. Once a minute the status is asked for as well: if that finds
 * something no event has told, the event socket is down, and it is asked for every few seconds
 * until an event is heard again. While another program may sync, who looks at the page is kept up to
 * date by asking as often as Lab looks for new files.
 */
import type { Event } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import type { Api } from './api';
import { HubsyncError } from './api';
import type { SyncModel } from './model';
import type { EventPayload, Status } from './protocol';

export const SCHEMA = 'https://events.hubsync.org/session/v1';

const HEARING = 60_000;
const DEAF = 3_000;
const UNTOLD = 10_000;
const FOUND_MISSING_AFTER = 2_000; // milliseconds in which an event may still be under way

export class Connection implements IDisposable {
  private deaf = true;
  private heardAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;

  constructor(
    private readonly model: SyncModel,
    private readonly api: Api,
    private readonly events: Event.IManager
  ) {
    events.stream.connect(this.hear, this);
    document.addEventListener('visibilitychange', this.onVisible);
    void this.ask();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this.timer);
    this.events.stream.disconnect(this.hear, this);
    document.removeEventListener('visibilitychange', this.onVisible);
  }

  /** Ask now, and fall into the rhythm again. */
  async ask(): Promise<void> {
    clearTimeout(this.timer);
    const before = this.model.status;
    try {
      const status = await this.api.status();
      this.deaf = this.hasMissed(before, status);
      this.model.setStatus(status);
      this.model.setOutcome(await this.api.last());
    } catch (error) {
      this.deaf = true;
      if (error instanceof HubsyncError && error.status === 404) {
        return; // no server extension: there is nothing to hear of
      }
      this.model.setUnreachable();
    }
    if (!this._isDisposed) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.ask(), this.interval());
    }
  }

  private interval(): number {
    if (this.deaf) {
      return DEAF;
    }
    return this.model.isUntold && !document.hidden ? UNTOLD : HEARING;
  }

  private hasMissed(before: Status | null, now: Status): boolean {
    const quiet = Date.now() - this.heardAt > FOUND_MISSING_AFTER;
    return quiet && before !== null && this.model.status === before && differ(before, now);
  }

  private hear(_: Event.IManager, event: Event.Emission): void {
    if (event.schema_id !== SCHEMA) {
      return;
    }
    this.heardAt = Date.now();
    this.model.receive(event as unknown as EventPayload);
    if (this.deaf) {
      void this.ask(); // what happened while nothing was heard
    }
  }

  private onVisible = (): void => {
    if (!document.hidden) {
      void this.ask();
    }
  };
}

function differ(a: Status, b: Status): boolean {
  return a.state !== b.state || a.last?.ended !== b.last?.ended || a.pending !== b.pending;
}
