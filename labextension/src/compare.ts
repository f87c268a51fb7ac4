/** Two contents side by side, in a tab of their own. */
import { MainAreaWidget } from '@jupyterlab/apputils';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { MergeView } from '@codemirror/merge';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { showCells } from './comparecells';
import * as format from './format';
import { conflictIcon, historyIcon } from './icons';
import type { Content } from './protocol';
import { outputOf, outputsOf } from './text/cells';
import { type Notebook, sourceOf } from './text/notebook';

export interface Side {
  title: string;
  text: string;
  /** Two notebooks are compared cell by cell. */
  notebook?: Notebook;
}

export interface Action {
  label: string;
  title?: string;
  primary?: boolean;
  run: () => Promise<unknown>;
}

export interface Comparison {
  id: string;
  title: string;
  kind: 'history' | 'conflict';
  left: Side;
  right: Side;
  /** A tab is closed once one of these has been done. */
  actions: Action[];
  failed: (error: unknown) => string;
  trans: TranslationBundle;
}

class CompareView extends Widget {
  private views: MergeView[] = [];

  constructor(private readonly comparison: Comparison) {
    super();
    this.addClass('jp-hubsync-compare');
    this.node.tabIndex = 0;
  }

  protected override onAfterAttach(): void {
    const { left, right } = this.comparison;
    const heads = document.createElement('div');
    heads.className = 'jp-hubsync-compare-heads';
    for (const side of [left, right]) {
      const head = document.createElement('div');
      head.textContent = side.title;
      heads.append(head);
    }
    this.node.replaceChildren(heads);
    const shown: Extension = [
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      lineNumbers()
    ];
    if (left.notebook !== undefined && right.notebook !== undefined) {
      const { trans } = this.comparison;
      this.views = showCells(this.node, left.notebook, right.notebook, shown, trans);
      return;
    }
    const view = new MergeView({
      a: { doc: left.text, extensions: shown },
      b: { doc: right.text, extensions: shown },
      parent: this.node,
      gutter: true,
      collapseUnchanged: { margin: 3, minSize: 6 }
    });
    this.views = [view];
  }

  protected override onBeforeDetach(): void {
    this.views.splice(0).forEach(view => view.destroy());
  }
}

export function createComparison(comparison: Comparison): MainAreaWidget<CompareView> {
  const widget = new MainAreaWidget({ content: new CompareView(comparison) });
  widget.id = comparison.id;
  widget.title.label = comparison.title;
  widget.title.closable = true;
  widget.title.icon = comparison.kind === 'history' ? historyIcon : conflictIcon;
  const fault = document.createElement('span');
  fault.className = 'jp-hubsync-compare-fault';
  fault.setAttribute('role', 'alert');
  comparison.actions.forEach((action, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `jp-hubsync-button jp-mod-styled${action.primary ? ' jp-mod-accept' : ''}`;
    button.textContent = action.label;
    button.title = action.title ?? action.label;
    button.addEventListener('click', () => {
      action.run().then(
        () => widget.dispose(),
        (error: unknown) => {
          fault.textContent = comparison.failed(error);
        }
      );
    });
    widget.toolbar.addItem(`action-${index}`, new Widget({ node: button }));
  });
  widget.toolbar.addItem('fault', new Widget({ node: fault }));
  return widget;
}

/** A content as it is shown on one side. */
export function sideOf(title: string, content: Content, trans: TranslationBundle): Side {
  const text = asLines(content, trans);
  return content.kind === 'notebook'
    ? { title, text, notebook: content.notebook as Notebook }
    : { title, text };
}

/** A content as lines that can be compared by eye. */
function asLines(content: Content, trans: TranslationBundle): string {
  switch (content.kind) {
    case 'text':
      return content.text ?? '';
    case 'notebook':
      return notebookLines(content.notebook as Notebook);
    case 'link':
      return trans.__('A link to %1', content.text ?? '');
    case 'absent':
      return trans.__('(not there)');
    case 'directory':
      return trans.__('(a folder)');
    case 'too-large':
      return trans.__('(too large to be shown: %1)', format.bytes(content.size));
    case 'binary':
      return trans.__(
        '(not a text: %1, %2)',
        format.bytes(content.size),
        content.digest?.slice(0, 12) ?? ''
      );
  }
}

/** Cell by cell: the kind, the source, and the outputs that are texts. */
export function notebookLines(notebook: Notebook): string {
  return notebook.cells
    .map(cell => {
      const shown = outputsOf(cell)
        .map(outputOf)
        .map(output => output.text || output.name);
      return [`── ${cell.cell_type}`, sourceOf(cell), ...shown.map(text => `→ ${text}`)].join('\n');
    })
    .join('\n\n');
}
