/** What most parts of the extension need, as one value. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { Api, Watcher } from './api';
import type { Connection } from './connection';
import type { SyncModel } from './model';
import { toContents, toWorkspace } from './paths';
import type { Conflict, Keep, SetupWish, WorkspacePath } from './protocol';

export class Hubsync {
  constructor(
    readonly app: JupyterFrontEnd,
    readonly api: Api,
    readonly model: SyncModel,
    readonly connection: Connection,
    readonly translator: ITranslator,
    readonly trans: TranslationBundle
  ) {}

  /** A path of Jupyter's as one of the workspace; null if it is not synced. */
  workspacePath(contentsPath: string): WorkspacePath | null {
    const workspace = this.model.status?.workspace;
    return workspace ? toWorkspace(workspace, contentsPath) : null;
  }

  contentsPath(path: WorkspacePath): string | null {
    const workspace = this.model.status?.workspace;
    return workspace ? toContents(workspace, path) : null;
  }

  get isSetUp(): boolean {
    return Boolean(this.model.status?.workspace);
  }

  // -- what changes files here, and is seen in open documents ------------------------------

  async restore(path: WorkspacePath, version?: string): Promise<void> {
    await this.api.restore(path, version);
    this.model.filesChanged.emit([path]);
  }

  async resolve(conflict: Conflict, keep: Keep): Promise<void> {
    const { changed } = await this.api.resolve(conflict.copy, keep);
    this.model.filesChanged.emit(changed);
    await this.connection.ask();
  }

  /** What was in the way may be gone. A pause stays one. */
  async goOn(): Promise<void> {
    if (!this.model.status?.paused) {
      await this.api.sync();
    }
  }

  async setUp(wish: SetupWish, watch?: Watcher): Promise<void> {
    await this.api.setup(wish, watch);
    await this.connection.ask();
  }
}
