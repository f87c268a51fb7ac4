import { YNotebook } from '@jupyter/ydoc';
import { putNotebook } from '../src/documents/content';
import type { Cell, Notebook } from '../src/text/notebook';

const code = (id: string, source = id, outputs: unknown[] = []): Cell => ({
  cell_type: 'code',
  id,
  source,
  metadata: {},
  outputs,
  execution_count: null
});

const prose = (id: string): Cell => ({ cell_type: 'markdown', id, source: id, metadata: {} });

const notebook = (...cells: Cell[]): Notebook =>
  ({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }) as Notebook;

const opened: YNotebook[] = [];

function open(first: Notebook): YNotebook {
  const shared = new YNotebook({ disableDocumentWideUndoRedo: true });
  opened.push(shared);
  shared.fromJSON(first as never);
  return shared;
}

// What is read of a cell that is in no document yet is what the library itself does.
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation(() => undefined));
afterEach(() => opened.splice(0).forEach(one => one.dispose()));

/** What the document and the views of its cells hold, once `next` was put into one of `first`. */
function after(first: Notebook, next: Notebook, undoable = false): Notebook {
  const shared = open(first);
  putNotebook(shared as never, next, undoable);
  const shown = shared.cells.map(cell => cell.toJSON());
  const held = shared.toJSON() as unknown as Notebook;
  expect(shown).toEqual(held.cells);
  return held;
}

const sources = (held: Notebook) => held.cells.map(cell => cell.source);
const FOUR = notebook(code('a'), code('b'), code('c'), code('d'));

test.each<[string, Notebook]>([
  ['nothing', FOUR],
  ['a cell at the top', notebook(code('new'), ...FOUR.cells)],
  ['cells all over', notebook(code('1'), code('a'), code('2'), ...FOUR.cells.slice(1), code('3'))],
  [
    'a cell at the top and an edit',
    notebook(code('new'), code('a'), code('b', 'B'), code('c'), code('d', 'D'))
  ],
  ['the first cell gone', notebook(code('b'), code('c'), code('d', 'D'))],
  ['cells gone and new ones', notebook(code('x'), code('b', 'B'), code('y'), code('d', 'D'))],
  ['two cells swapped', notebook(code('b'), code('a', 'A'), code('c'), code('d'))],
  ['the order turned round', notebook(code('d', 'D'), code('c'), code('b', 'B'), code('a'))],
  ['another kind of cell', notebook(code('a'), prose('b'), code('c', 'C'), code('d'))],
  ['everything at once', notebook(code('d', 'D'), code('new'), prose('c'), code('a', 'A'))],
  ['no cell', notebook()]
])('%s: each cell gets what is its own', (_, next) => {
  for (const undoable of [true, false]) {
    const held = after(FOUR, next, undoable);
    expect(sources(held)).toEqual(sources(next));
    expect(held.cells.map(cell => [cell.id, cell.cell_type])).toEqual(
      next.cells.map(cell => [cell.id, cell.cell_type])
    );
  }
});

test('any change of any notebook', () => {
  let seed = 7;
  const dice = (sides: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % sides;
  for (let round = 0; round < 60; round++) {
    const first = notebook(...[...'abcdef'].slice(0, dice(7)).map(id => code(id)));
    const cells = [...first.cells];
    for (let change = dice(6); change > 0; change--) {
      const at = dice(cells.length + 1);
      if (dice(3) === 0) {
        cells.splice(at, 0, code(`new${round}-${change}`));
      } else if (dice(2) === 0 && at < cells.length) {
        cells.splice(at, 1);
      } else if (at < cells.length) {
        const [moved] = cells.splice(at, 1);
        cells.splice(dice(cells.length + 1), 0, code(moved.id as string, `${moved.source}!`));
      }
    }
    const held = after(first, notebook(...cells));
    expect(held.cells.map(cell => [cell.id, cell.source])).toEqual(
      cells.map(cell => [cell.id, cell.source])
    );
  }
});

test('what stays is the same cell, with what is in it', () => {
  const shared = open(FOUR);
  const [, second] = shared.cells;
  putNotebook(shared as never, notebook(code('new'), code('b', 'B'), code('d')), false);
  expect(shared.cells[1]).toBe(second);
});
