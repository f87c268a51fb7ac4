/**
 * Keeps the model fed by events. Once a minute the status is asked for as well: if that finds
 * something no event has told, the event socket is down, and it is asked for every few seconds
 * until an event is heard again. It is asked for at once when that socket closes or is open again.
 * A request of anybody's that nobody answers tells that the server is gone. While another program
 * may sync, who looks at the page is kept up to date by asking as often as Lab looks for new files.
 */
import type { Event, ServiceManager } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import type { Api } from './api';
import { HubsyncError } from './api';
import { watchSocket } from './eventsocket';
import type { SyncModel } from './model';
import type { EventPayload, Status } from './protocol';

export const SCHEMA = 'https://events.hubsync.org/session/v1';

const HEARING = 60_000;
const DEAF = 3_000;
const UNTOLD = 10_000;
const FOUND_MISSING_AFTER = 2_000; // milliseconds in which an event may still be under way

export class Connection implements IDisposable {
  private deaf = true;
  /** The server has no such extension: there is nothing to hear of. */
  private absent = false;
  private heardAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly endWatching: () => void;
  private _isDisposed = false;

  constructor(
    private readonly model: SyncModel,
    private readonly api: Api,
    private readonly services: Pick<ServiceManager.IManager, 'events' | 'connectionFailure'>
  ) {
    services.events.stream.connect(this.hear, this);
    services.connectionFailure.connect(this.lose, this);
    api.unanswered.connect(this.lose, this);
    this.endWatching = watchSocket(services.events, {
      // The server may be well, and has closed it alone: its answer tells.
      closed: () => void (this.model.reachable && this.askAgain()),
      opened: () => void this.askAgain()
    });
    document.addEventListener('visibilitychange', this.onVisible);
    void this.ask();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this.timer);
    this.services.events.stream.disconnect(this.hear, this);
    this.services.connectionFailure.disconnect(this.lose, this);
    this.api.unanswered.disconnect(this.lose, this);
    this.endWatching();
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
      this.absent = error instanceof HubsyncError && error.status === 404;
      if (this.absent) {
        return;
      }
      this.model.setUnreachable();
    }
    this.schedule();
  }

  private schedule(): void {
    if (!this._isDisposed) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.ask(), this.interval());
    }
  }

  private async askAgain(): Promise<void> {
    if (!this.absent) {
      await this.ask();
    }
  }

  /** A request had no answer. Once that is known, the next one is not far. */
  private lose(): void {
    if (!this.absent && this.model.reachable) {
      this.deaf = true;
      this.model.setUnreachable();
      this.schedule();
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
