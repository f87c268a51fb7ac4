/**
 * One open document and the file below it. When hubsync has changed the file, the document shows
 * it; what was typed meanwhile is merged in, or a person chooses. Between reading what the document
 * holds and changing it nothing is awaited, so no key stroke can fall in between.
 */
import type { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import { PathExt } from '@jupyterlab/coreutils';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { BarPlace } from './bar';
import { equal, type Held, heldBy, heldOnDisk, merge, put, asFile } from './content';
import type { DocumentWords } from './words';

type Context = DocumentRegistry.Context;

export interface Surroundings {
  contents: Contents.IManager;
  words: DocumentWords;
  widgets: (context: Context) => Iterable<DocumentWidget>;
  /** Shows two contents side by side. */
  compare: (path: string, mine: Held, theirs: Held) => void;
  open: (path: string) => void;
  failed: (error: unknown) => void;
  /** Whether hubsync may change the file. */
  isFollowed: (context: Context) => boolean;
}

/** Milliseconds that a save waits for a server that merges. */
const TAKEN_IN = 5000;

export class Follower implements IDisposable {
  /** What the file held when it was last loaded or saved: the base of a merge. */
  private base: Held | null = null;
  private saving: Held | null = null;
  /** What the disk holds while a person has to choose. */
  private undecided: { disk: Held; file: Contents.IModel } | null = null;
  private running: Promise<void> | null = null;
  private saved: Promise<void> = Promise.resolve();
  private again = false;
  /** The bar says that the file is gone. */
  private isGone = false;
  private isSaving = false;
  private readonly bar: BarPlace;
  private _isDisposed = false;

  constructor(
    readonly context: Context,
    private readonly around: Surroundings
  ) {
    this.bar = new BarPlace(() => around.widgets(context));
    void context.ready.then(() => {
      this.base = heldBy(context.model);
    });
    context.saveState.connect(this.onSaveState, this);
    context.fileChanged.connect(this.onFileChanged, this);
    context.pathChanged.connect(this.onPathChanged, this);
    context.disposed.connect(() => this.dispose());
    this.lookBeforeSaving();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.bar.clear();
  }

  /** The file was changed on the disk. Looks once more if it changes while it is looked at. */
  fileChanged(): void {
    if (this.running !== null) {
      this.again = true;
      return;
    }
    this.running = this.look()
      .catch(this.around.failed)
      .finally(() => {
        this.running = null;
        if (this.again && !this.isDisposed) {
          this.again = false;
          this.fileChanged();
        }
      });
  }

  /** Looks at the file if its time is another one than that of the file that is known. */
  lookAtTime(): void {
    void this.hasOtherTime().then(other => {
      if (other && !this.isDisposed) {
        this.fileChanged();
      }
    });
  }

  private async hasOtherTime(): Promise<boolean> {
    const { context } = this;
    try {
      await context.ready;
      await this.saved.catch(() => undefined);
      if (context.isDisposed || context.model.collaborative) {
        return false;
      }
      const file = await this.around.contents.get(context.path, { content: false });
      await this.running; // it may know that file by now
      const known = this.undecided?.file ?? context.contentsModel;
      return this.saving === null && known !== null && known.last_modified !== file.last_modified;
    } catch {
      return false; // gone, or the server is: a save says so
    }
  }

  private async look(): Promise<void> {
    const { context } = this;
    await context.ready;
    await this.saved.catch(() => undefined); // Lab has told the person
    if (context.model.collaborative) {
      return; // the server brings the file into the shared document: `hubsync_jupyter/shared.py`
    }
    const file = await this.read();
    if (this.isDisposed) {
      return;
    }
    if (file === null) {
      this.tellDeleted();
      return;
    }
    const mine = heldBy(context.model);
    if (mine === null || this.base === null) {
      if (!context.model.dirty) {
        await context.revert();
      }
      return;
    }
    const disk = heldOnDisk(file, this.base);
    if (disk !== null) {
      this.take(mine, disk, file);
    }
  }

  /** Nothing is awaited from here on. */
  private take(mine: Held, disk: Held, file: Contents.IModel): void {
    const { context } = this;
    const base = this.base as Held;
    if (equal(mine, disk)) {
      this.settle(disk, file);
      context.model.dirty = false;
      this.bar.clear();
    } else if (equal(mine, base)) {
      put(context.model, disk, false);
      this.settle(disk, file);
      context.model.dirty = false;
      this.bar.clear();
    } else if (!equal(base, disk) || this.undecided !== null) {
      const merged = merge(base, mine, disk);
      if (merged === null) {
        this.ask(disk, file);
        return;
      }
      put(context.model, merged.held, false);
      this.settle(disk, file);
      this.bar.clear();
      if (merged.doubled > 0) {
        this.tell(this.around.words.doubled(merged.doubled));
      }
    } else {
      this.settle(disk, file); // only the file's time is another one
    }
  }

  /** The file as it is now; null if it is gone. */
  private async read(): Promise<Contents.IModel | null> {
    const { context } = this;
    const kind = context.contentsModel;
    try {
      return await this.around.contents.get(context.path, {
        content: true,
        hash: true,
        type: kind?.type,
        ...(kind?.type === 'notebook' ? {} : { format: kind?.format ?? 'text' })
      });
    } catch (error) {
      if (isMissing(error)) {
        return null;
      }
      throw error;
    }
  }

  /** `disk` is what the document was loaded from, from now on: a save is no surprise for Lab. */
  private settle(disk: Held, file: Contents.IModel): void {
    this.base = disk;
    this.undecided = null;
    adopt(this.context, file);
  }

  // -- choosing ------------------------------------------------------------------------------

  private ask(disk: Held, file: Contents.IModel): void {
    this.undecided = { disk, file };
    const { words } = this.around;
    const name = PathExt.basename(this.context.localPath);
    this.isGone = false;
    this.bar.show(
      words.undecided(name),
      [
        {
          label: words.compare,
          run: () => {
            const mine = heldBy(this.context.model);
            if (mine !== null && this.undecided !== null) {
              this.around.compare(this.context.localPath, mine, this.undecided.disk);
            }
          }
        },
        { label: words.keepMine, title: words.keepMineTitle, run: () => this.keepMine() },
        { label: words.takeTheirs, title: words.takeTheirsTitle, run: () => this.takeTheirs() },
        { label: words.keepBoth, title: words.keepBothTitle, run: () => void this.keepBoth() }
      ],
      true
    );
  }

  /** Renamed: the bar names the file as it is called now, and Lab is not told the old name again. */
  private onPathChanged(): void {
    if (this.undecided !== null) {
      const { path, localPath } = this.context;
      const { disk, file } = this.undecided;
      this.ask(disk, { ...file, path, name: PathExt.basename(localPath) });
    }
  }

  private keepMine(): void {
    if (this.undecided !== null) {
      this.settle(this.undecided.disk, this.undecided.file);
      this.bar.clear();
      this.context.save().catch(this.around.failed);
    }
  }

  /** What was typed comes back with "Undo". */
  private takeTheirs(): void {
    if (this.undecided !== null) {
      const { disk, file } = this.undecided;
      put(this.context.model, disk, true);
      this.settle(disk, file);
      this.context.model.dirty = false;
      this.bar.clear();
    }
  }

  private async keepBoth(): Promise<void> {
    const mine = heldBy(this.context.model);
    if (mine === null || this.undecided === null) {
      return;
    }
    try {
      const path = await this.saveBeside(mine);
      const now = heldBy(this.context.model);
      if (this.isDisposed || now === null || this.undecided === null) {
        return;
      }
      if (!equal(now, mine)) {
        return await this.keepBoth(); // typed meanwhile
      }
      this.takeTheirs();
      this.tell(this.around.words.keptBeside(PathExt.basename(path)), path);
    } catch (error) {
      this.around.failed(error);
    }
  }

  /** Under an ordinary name that is free, as `hubsync resolve --keep both` does: `notes-2.md`. */
  private async saveBeside(held: Held): Promise<string> {
    const { path } = this.context;
    const extension = PathExt.extname(path);
    const stem = path.slice(0, path.length - extension.length);
    let beside = path;
    for (let number = 2; await this.exists(beside); number++) {
      beside = `${stem}-${number}${extension}`;
    }
    const type = held.kind === 'notebook' ? 'notebook' : 'file';
    await this.around.contents.save(beside, { type, ...asFile(held) });
    return beside;
  }

  private async exists(path: string): Promise<boolean> {
    try {
      await this.around.contents.get(path, { content: false });
      return true;
    } catch (error) {
      if (isMissing(error)) {
        return false;
      }
      throw error;
    }
  }

  /** Nothing is left to choose from: what the other side wrote is in the history, and deleted. */
  private tellDeleted(): void {
    this.isGone = true;
    this.undecided = null;
    const { words } = this.around;
    const name = PathExt.basename(this.context.localPath);
    this.bar.show(
      words.deleted(name),
      [
        {
          label: words.saveAgain,
          run: () => {
            this.bar.clear();
            this.context.model.dirty = true;
            this.context.save().catch(this.around.failed);
          }
        },
        { label: words.dismiss, run: () => this.bar.clear() }
      ],
      false
    );
  }

  private tell(text: string, path?: string): void {
    this.isGone = false;
    const { words } = this.around;
    const open =
      path === undefined ? [] : [{ label: words.open, run: () => this.around.open(path) }];
    this.bar.show(text, [...open, { label: words.dismiss, run: () => this.bar.clear() }], false);
  }

  // -- loading and saving ----------------------------------------------------------------------

  private onSaveState(_: Context, state: DocumentRegistry.SaveState): void {
    if (state.startsWith('started')) {
      // "Save As" tells of a save as well, of a file that is another one.
      this.saving = this.isSaving ? heldBy(this.context.model) : null;
    } else {
      const saved = this.saving;
      this.saving = null;
      if (state.startsWith('completed') && saved !== null) {
        this.base = saved;
        const now = heldBy(this.context.model);
        if (now !== null && !equal(now, saved)) {
          this.context.model.dirty = true; // typed while it was being saved
        }
      }
    }
  }

  /** Loaded anew by a person: the base is another one. */
  private onFileChanged(): void {
    if (this.saving === null && this.running === null && !this.context.model.dirty) {
      this.base = heldBy(this.context.model);
      this.undecided = null;
      this.bar.clear();
    }
  }

  /**
   * A save comes after what is under way, and looks first whether the file is still the one that
   * was loaded: else Lab would ask in a dialog which version to overwrite. While a person has to
   * choose, nothing is saved: that would replace what the other side wrote before it was seen.
   */
  private lookBeforeSaving(): void {
    const { context } = this;
    const save = context.save.bind(context);
    context.save = async () => {
      if (this.around.isFollowed(context)) {
        await this.running;
        if (context.model.collaborative) {
          await this.isTakenIn();
        } else if (await this.isOtherOnDisk()) {
          this.fileChanged();
          await this.running;
        }
      }
      if (this.undecided !== null) {
        this.bar.insist();
        const refusal = new Error(this.around.words.chooseFirst);
        refusal.name = 'ModalCancelError'; // what Lab takes for "the person has not decided"
        throw refusal;
      }
      this.isSaving = true;
      this.saved = save();
      try {
        await this.saved;
      } finally {
        this.isSaving = false;
      }
      if (this.isGone) {
        this.isGone = false;
        this.bar.clear();
      }
    };
  }

  /** The server has merged the file into the shared document; it looks each second. */
  private async isTakenIn(): Promise<void> {
    const end = Date.now() + TAKEN_IN;
    while (Date.now() < end && (await this.isOtherOnDisk())) {
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  }

  private async isOtherOnDisk(): Promise<boolean> {
    const known = this.context.contentsModel;
    if (known === null) {
      return false;
    }
    try {
      const path = this.context.path;
      const file = await this.around.contents.get(path, { content: false, hash: true });
      return known.hash && file.hash
        ? known.hash !== file.hash
        : known.last_modified !== file.last_modified;
    } catch {
      return false; // the save itself says what is wrong
    }
  }
}

/**
 * Lets the context know what it holds. Its own way to do that is private; without it Lab would ask
 * in a dialog at the next save whether to overwrite what is in the document already.
 */
function adopt(context: Context, file: Contents.IModel): void {
  const inner = context as unknown as { _updateContentsModel?: (file: Contents.IModel) => void };
  inner._updateContentsModel?.(file);
}

function isMissing(error: unknown): boolean {
  return error instanceof ServerConnection.ResponseError && error.response.status === 404;
}
