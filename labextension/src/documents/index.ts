/** All open documents: each is followed, and hears when its file was changed. */
import type { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { DisposableDelegate } from '@lumino/disposable';
import type { Hubsync } from '../context';
import type { WorkspacePath } from '../protocol';
import type { Held } from './content';
import { Follower, type Surroundings } from './follower';
import { DocumentWords } from './words';

type Context = DocumentRegistry.Context;

export class OpenDocuments {
  /** Switched off by the person's settings, documents are left alone. */
  enabled = true;
  private readonly followers = new Map<Context, Follower>();
  private readonly widgets = new Map<Context, Set<DocumentWidget>>();
  private readonly around: Surroundings;
  /** Somebody who looks at the page again wants to see what came meanwhile. */
  private late = false;

  constructor(
    private readonly hub: Hubsync,
    manager: IDocumentManager,
    registry: DocumentRegistry,
    compare: (path: string, mine: Held, theirs: Held) => void
  ) {
    this.around = {
      contents: hub.app.serviceManager.contents,
      words: new DocumentWords(hub.trans),
      widgets: context => this.widgets.get(context) ?? [],
      compare,
      isFollowed: context => this.enabled && hub.workspacePath(context.path) !== null,
      open: path => void manager.openOrReveal(path),
      failed: error =>
        console.error('hubsync: an open document could not be brought up to date', error)
    };
    hub.model.filesChanged.connect((_, paths) => this.changed(paths));
    // What a command in a terminal brought, or a cycle that was not heard of, has no names here.
    hub.model.synced.connect(() => this.lookAtTimes());
    hub.model.untold.connect(() => this.lookAtTimes());
    hub.model.taskChanged.connect((_, task) => {
      if (task.state !== 'running') {
        this.lookAtTimes();
      }
    });
    document.addEventListener('visibilitychange', () => {
      if (this.late) {
        this.lookAtTimes();
      }
    });
    for (const factory of registry.widgetFactories()) {
      this.follow(registry, factory.name);
    }
    registry.changed.connect((_, change) => {
      if (change.type === 'widgetFactory' && change.change === 'added' && change.name) {
        this.follow(registry, change.name);
      }
    });
  }

  private follow(registry: DocumentRegistry, factory: string): void {
    registry.addWidgetExtension(factory, {
      createNew: (widget, context) => {
        this.add(widget as DocumentWidget, context);
        return new DisposableDelegate(() => undefined);
      }
    });
  }

  private add(widget: DocumentWidget, context: Context): void {
    const widgets = this.widgets.get(context) ?? new Set();
    this.widgets.set(context, widgets.add(widget));
    widget.disposed.connect(() => widgets.delete(widget));
    if (!this.followers.has(context)) {
      this.followers.set(context, new Follower(context, this.around));
      context.disposed.connect(() => {
        this.followers.delete(context);
        this.widgets.delete(context);
      });
    }
  }

  private lookAtTimes(): void {
    this.late = document.hidden; // what nobody sees is not asked for: it would count as activity
    if (this.late) {
      return;
    }
    for (const [context, follower] of this.followers) {
      if (this.around.isFollowed(context)) {
        follower.lookAtTime();
      }
    }
  }

  private changed(paths: WorkspacePath[]): void {
    if (!this.enabled) {
      return;
    }
    const wanted = new Set(paths);
    for (const [context, follower] of this.followers) {
      const path = this.hub.workspacePath(context.path);
      if (path !== null && (wanted.has(path) || ancestors(path).some(one => wanted.has(one)))) {
        follower.fileChanged();
      }
    }
  }
}

function ancestors(path: WorkspacePath): WorkspacePath[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
