/** Two notebooks side by side, cell by cell. */
import { MergeView } from '@codemirror/merge';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Extension } from '@codemirror/state';
import { type Difference, outputOf, outputsOf, type Row, rowsOf } from './text/cells';
import { type Cell, type Notebook, sourceOf } from './text/notebook';

const LONGEST = 2000; // letters of an output that are shown

/** Fills `parent`; the views have to be destroyed when it goes. */
export function showCells(
  parent: HTMLElement,
  left: Notebook,
  right: Notebook,
  shown: Extension,
  trans: TranslationBundle
): MergeView[] {
  const views: MergeView[] = [];
  let alike: Cell[] = [];
  const flush = () => {
    if (alike.length > 0) {
      parent.append(folded(alike, trans));
      alike = [];
    }
  };
  for (const row of rowsOf(left, right)) {
    if (row.differences.length === 0) {
      alike.push(row.right as Cell);
      continue;
    }
    flush();
    const section = element('section', 'jp-hubsync-compare-cell');
    section.append(element('h3', '', titleOf(row, trans)));
    parent.append(section);
    views.push(sources(row, section, shown));
    if (outputsOf(row.left).length + outputsOf(row.right).length > 0) {
      const both = element('div', 'jp-hubsync-compare-outputs');
      both.classList.toggle('jp-mod-changed', row.differences.includes('outputs'));
      both.append(outputs(row.left, trans), outputs(row.right, trans));
      section.append(both);
    }
  }
  flush();
  if (parent.childElementCount === 0) {
    parent.append(element('p', 'jp-hubsync-compare-same', trans.__('There are no cells.')));
  }
  return views;
}

function sources(row: Row, parent: HTMLElement, extensions: Extension): MergeView {
  const doc = (cell: Cell | null) => (cell === null ? '' : sourceOf(cell));
  return new MergeView({
    a: { doc: doc(row.left), extensions },
    b: { doc: doc(row.right), extensions },
    parent,
    gutter: true,
    collapseUnchanged: { margin: 3, minSize: 6 }
  });
}

/** Cells that are the same on both sides: one line that can be opened. */
function folded(cells: Cell[], trans: TranslationBundle): HTMLElement {
  const details = element('details', 'jp-hubsync-compare-same');
  const words = trans._n('One cell is the same', '%1 cells are the same', cells.length);
  details.append(element('summary', '', words));
  details.append(...cells.map(cell => element('pre', '', sourceOf(cell))));
  return details;
}

function outputs(cell: Cell | null, trans: TranslationBundle): HTMLElement {
  const list = element('ul', '');
  list.setAttribute('aria-label', trans.__('Outputs'));
  for (const { name, text } of outputsOf(cell).map(outputOf)) {
    const item = element('li', '');
    item.append(element('span', 'jp-hubsync-compare-output', name));
    if (text) {
      const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
      item.append(element('pre', '', cut));
    }
    list.append(item);
  }
  return list;
}

function titleOf(row: Row, trans: TranslationBundle): string {
  const kinds: Record<string, string> = {
    code: trans.__('Code'),
    markdown: trans.__('Markdown'),
    raw: trans.__('Raw')
  };
  const words: Record<Difference, string> = {
    added: trans.__('only on the right'),
    removed: trans.__('only on the left'),
    kind: trans.__('another kind of cell'),
    source: trans.__('edited'),
    outputs: trans.__('other outputs'),
    metadata: trans.__('other metadata')
  };
  const kind = row.right?.cell_type ?? row.left?.cell_type ?? '';
  return trans.__('%1: %2', kinds[kind] ?? kind, row.differences.map(one => words[one]).join(', '));
}

function element(tag: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) {
    made.textContent = text;
  }
  return made;
}
