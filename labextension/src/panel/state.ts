/** What the panel is to show beyond the status: set from menus and commands. */
import { ISignal, Signal } from '@lumino/signaling';
import type { WorkspacePath } from '../protocol';

export type Part = 'setup' | 'conflicts' | 'history' | 'account';

export class PanelState {
  private _historyPath: WorkspacePath | null = null;
  private _openFile: WorkspacePath | null = null;
  private _wanted: Part | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _revealed = new Signal<this, Part>(this);

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A part is to be opened and scrolled to. */
  get revealed(): ISignal<this, Part> {
    return this._revealed;
  }

  /** The file whose versions were asked for; else the one that is open in front. */
  get historyPath(): WorkspacePath | null {
    return this._historyPath ?? this._openFile;
  }

  get openFile(): WorkspacePath | null {
    return this._openFile;
  }

  setOpenFile(path: WorkspacePath | null): void {
    if (path !== this._openFile) {
      this._openFile = path;
      this._historyPath = null;
      this._changed.emit();
    }
  }

  showHistory(path: WorkspacePath | null): void {
    this._historyPath = path;
    this._changed.emit();
    this.reveal('history');
  }

  reveal(part: Part): void {
    this._wanted = part;
    this._revealed.emit(part);
  }

  /** Whether the part was asked for and is not shown yet; from now on it counts as shown. */
  take(part: Part | undefined): boolean {
    const wanted = part !== undefined && part === this._wanted;
    if (wanted) {
      this._wanted = null;
    }
    return wanted;
  }
}
