/** Marks in the file browser: what waits, is in conflict, has a problem or is ignored. */
import { DirListing, type FileBrowser } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PathExt } from '@jupyterlab/coreutils';
import type { Hubsync } from './context';
import type { Mark } from './protocol';

const CLASS = 'jp-hubsync-mark';
const ORDER: Mark[] = ['conflict', 'problem', 'pending', 'ignored'];
const SIGNS: Record<Mark, string> = { conflict: '!', problem: '!', pending: '↑', ignored: '–' };

/** The marks of the directories that are looked at, by contents path. */
export class Marks {
  enabled = true;
  private readonly known = new Map<string, Record<string, Mark[]>>();

  /** The one mark that matters most. */
  of(contentsPath: string): Mark | null {
    const marks = this.all(contentsPath);
    return this.enabled ? (ORDER.find(mark => marks.includes(mark)) ?? null) : null;
  }

  /** Also where the marks are switched off. */
  isIgnored(contentsPath: string): boolean {
    return this.all(contentsPath).includes('ignored');
  }

  private all(contentsPath: string): Mark[] {
    const local = contentsPath.replace(/^RTC:/, '');
    return this.known.get(PathExt.dirname(local))?.[PathExt.basename(local)] ?? [];
  }

  set(directory: string, marks: Record<string, Mark[]>): boolean {
    const changed = JSON.stringify(this.known.get(directory)) !== JSON.stringify(marks);
    this.known.set(directory, marks);
    return changed;
  }

  clear(): void {
    this.known.clear();
  }
}

/** Lab's own renderer, with the mark behind a file's name. */
export class MarkingRenderer extends DirListing.Renderer {
  constructor(
    private readonly marks: Marks,
    private readonly trans: TranslationBundle
  ) {
    super();
  }

  override updateItemNode(...given: Parameters<DirListing.Renderer['updateItemNode']>): void {
    super.updateItemNode(...given);
    const [node, model] = given;
    this.mark(node, model);
  }

  private mark(node: HTMLElement, model: Contents.IModel): void {
    const mark = this.marks.of(model.path);
    const place = this.getNameNode(node).parentElement;
    let sign = node.querySelector<HTMLElement>(`.${CLASS}`);
    node.classList.toggle('jp-hubsync-ignored', mark === 'ignored');
    if (mark === null || place === null) {
      sign?.remove();
      return;
    }
    if (sign === null) {
      sign = document.createElement('span');
      sign.setAttribute('role', 'img');
      place.insertAdjacentElement('beforeend', sign);
    }
    sign.className = `${CLASS} jp-mod-${mark}`;
    sign.textContent = SIGNS[mark];
    sign.title = this.words(mark);
    sign.setAttribute('aria-label', sign.title);
  }

  private words(mark: Mark): string {
    switch (mark) {
      case 'conflict':
        return this.trans.__('In conflict: both versions are kept');
      case 'problem':
        return this.trans.__('Cannot be synced');
      case 'pending':
        return this.trans.__('Waits to be synced');
      case 'ignored':
        return this.trans.__('Ignored: stays on this hub');
    }
  }
}

/** Has files listed that a sync brought, and their marks asked for when they or the status change. */
export class MarkKeeper {
  private asked = 0;
  private wasSetUp = false;

  constructor(
    private readonly hub: Hubsync,
    private readonly marks: Marks,
    private readonly browsers: () => Iterable<FileBrowser>
  ) {
    hub.model.changed.connect(() => {
      void this.refresh();
      if (hub.isSetUp && !this.wasSetUp) {
        this.listAgain(); // what was brought back
      }
      this.wasSetUp = hub.isSetUp;
    });
    hub.model.synced.connect(() => void this.refresh());
    hub.model.filesChanged.connect(() => this.listAgain());
  }

  watch(browser: FileBrowser): void {
    browser.model.pathChanged.connect(() => void this.refresh());
    browser.model.refreshed.connect(() => void this.refresh());
    void this.refresh();
  }

  /** Lab itself looks every ten seconds and more. */
  private listAgain(): void {
    for (const browser of this.browsers()) {
      browser.model.refresh().catch(() => undefined); // Lab looks again, and says what is amiss
    }
  }

  private async refresh(): Promise<void> {
    const mine = ++this.asked;
    await Promise.resolve(); // several reasons at once are one
    if (mine !== this.asked) {
      return;
    }
    for (const browser of this.browsers()) {
      const directory = browser.model.path.replace(/^RTC:/, '');
      const path = this.hub.workspacePath(directory);
      try {
        const marks = path === null ? {} : await this.hub.api.marks(path);
        if (this.marks.set(directory, marks)) {
          redraw(browser);
        }
      } catch {
        // without marks the browser is what it always was; the status item tells of the server
      }
    }
  }
}

/** Has the browser's rows drawn again; nothing is asked for. */
export function redraw(browser: FileBrowser): void {
  const listing = (browser as unknown as { listing?: DirListing }).listing;
  listing?.update();
}
