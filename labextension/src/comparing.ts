/** Opens comparisons: of versions, of conflicts, and of what was typed with what came. */
import { PathExt } from '@jupyterlab/coreutils';
import { HubsyncError } from './api';
import { createComparison, notebookLines, sideOf, type Comparison } from './compare';
import type { Hubsync } from './context';
import type { Held } from './documents/content';
import * as format from './format';
import type { Conflict, Keep, Version, WorkspacePath } from './protocol';

export class Comparing {
  constructor(private readonly hub: Hubsync) {}

  async version(path: WorkspacePath, version: Version): Promise<void> {
    const { hub } = this;
    const { trans } = hub;
    const { from, to } = await hub.api.compare(path, version.version);
    this.show({
      id: `hubsync-compare-${path}-${version.version}`,
      title: PathExt.basename(path),
      kind: 'history',
      left: sideOf(
        trans.__('%1, %2', format.when(version.time), version.hub || version.author),
        from,
        trans
      ),
      right: sideOf(trans.__('Now'), to, trans),
      actions: [
        {
          label: trans.__('Restore the version on the left'),
          title: trans.__('The present one stays in the history'),
          primary: true,
          run: () => hub.restore(path, version.version)
        }
      ]
    });
  }

  async conflict(conflict: Conflict): Promise<void> {
    const { hub } = this;
    const { trans } = hub;
    const { mine, theirs } = await hub.api.conflict(conflict);
    const keep = (label: string, which: Keep) => ({
      label,
      run: () => hub.resolve(conflict, which)
    });
    this.show({
      id: `hubsync-conflict-${conflict.copy}`,
      title: PathExt.basename(conflict.path),
      kind: 'conflict',
      left: sideOf(trans.__('Mine'), mine, trans),
      right: sideOf(trans.__('Theirs'), theirs, trans),
      actions: [
        keep(trans.__('Keep mine'), 'mine'),
        keep(trans.__('Keep theirs'), 'theirs'),
        keep(trans.__('Keep both'), 'both')
      ]
    });
  }

  /** In a document: what is in it, beside what the file holds. */
  typed(path: string, mine: Held, theirs: Held): void {
    const { trans } = this.hub;
    const side = (title: string, held: Held) =>
      held.kind === 'text'
        ? { title, text: held.text }
        : { title, text: notebookLines(held.notebook), notebook: held.notebook };
    this.show({
      id: `hubsync-typed-${path}`,
      title: PathExt.basename(path),
      kind: 'conflict',
      left: side(trans.__('Mine, not saved'), mine),
      right: side(trans.__('Theirs'), theirs),
      actions: []
    });
  }

  private show(comparison: Omit<Comparison, 'failed' | 'trans'>): void {
    const { shell } = this.hub.app;
    for (const widget of shell.widgets('main')) {
      if (widget.id === comparison.id) {
        widget.dispose(); // what it shows may be out of date
        break;
      }
    }
    const widget = createComparison({
      ...comparison,
      trans: this.hub.trans,
      failed: error => {
        const fault = HubsyncError.of(error);
        return [fault.message, fault.hint].filter(Boolean).join(' ');
      }
    });
    shell.add(widget, 'main');
    shell.activateById(widget.id);
  }
}
