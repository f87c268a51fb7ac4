/**
 * What is known of the sync, fed by documents of the server; no network and no page in here.
 */
import { ISignal, Signal } from '@lumino/signaling';
import type { EventPayload, Outcome, State, Status, Task, WorkspacePath } from './protocol';

/** States in which no cycle of the server ends, while another program may sync the same files. */
const UNTOLD: ReadonlySet<State> = new Set(['off', 'paused']);

export class SyncModel {
  /** Files here were made, replaced or deleted by hubsync: open documents have to look. */
  readonly filesChanged = new Signal<this, WorkspacePath[]>(this);

  private _status: Status | null = null;
  private _reachable = true;
  private _lastEnded: string | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _synced = new Signal<this, Outcome>(this);
  private readonly _untold = new Signal<this, void>(this);
  private readonly _task = new Signal<this, Task>(this);

  /** Null before the first answer, and where the server extension is missing. */
  get status(): Status | null {
    return this._status;
  }

  /** Whether the Jupyter server answered the last time. */
  get reachable(): boolean {
    return this._reachable;
  }

  /** Something that can be seen has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A cycle has ended; each one is told of once. */
  get synced(): ISignal<this, Outcome> {
    return this._synced;
  }

  /** Whether files may change here that no outcome tells of. */
  get isUntold(): boolean {
    return this._status !== null && UNTOLD.has(this._status.state);
  }

  /** The status was heard of while that is so. */
  get untold(): ISignal<this, void> {
    return this._untold;
  }

  /** A long-running task began, went on or ended. */
  get taskChanged(): ISignal<this, Task> {
    return this._task;
  }

  receive(payload: EventPayload): void {
    switch (payload.action) {
      case 'status':
        this.setStatus(payload.status);
        break;
      case 'synced':
        this.setStatus(payload.status);
        this.setOutcome(payload.outcome);
        break;
      case 'task':
        this._task.emit(payload.task);
    }
  }

  setStatus(status: Status): void {
    const same = this._reachable && JSON.stringify(status) === JSON.stringify(this._status);
    this._reachable = true;
    this._status = status;
    if (!same) {
      this._changed.emit();
    }
    if (this.isUntold) {
      this._untold.emit();
    }
  }

  /** An outcome that was heard of before is not told again, whichever way it comes. */
  setOutcome(outcome: Outcome | null): void {
    if (outcome !== null && (this._lastEnded === null || outcome.ended > this._lastEnded)) {
      this._lastEnded = outcome.ended;
      this._synced.emit(outcome);
      if (outcome.changed_here.length > 0) {
        this.filesChanged.emit(outcome.changed_here);
      }
    }
  }

  setUnreachable(): void {
    if (this._reachable) {
      this._reachable = false;
      this._changed.emit();
    }
  }
}
