/**
 * Three-way merge of notebooks by cells. No cell that a person wrote on either side is missing
 * from the result: where both changed one cell and its lines cannot be merged, both cells stay,
 * one after the other, marked in their metadata. Outputs are merged apart from sources. Pure.
 */
import type * as nbformat from '@jupyterlab/nbformat';
import { diff } from './diff';
import { mergeText, parts } from './merge';
import { type Metadata, mergeMetadata, mergeNotebookMetadata, sameValue } from './metadata';
import { withOutputs } from './outputs';

export type Notebook = nbformat.INotebookContent;
export type Cell = nbformat.ICell;

export interface MergedNotebook {
  notebook: Notebook;
  /** Cells that are there twice now. */
  doubled: number;
}

const MARK = 'hubsync';

export function mergeNotebook(base: Notebook, mine: Notebook, theirs: Notebook): MergedNotebook {
  const by = { base: byKey(base), mine: byKey(mine), theirs: byKey(theirs) };
  const cells: Cell[] = [];
  const used = new Map<string, Cell>();
  let doubled = 0;
  const take = (key: string, at = cells.length) => {
    if (!used.has(key)) {
      const kept = mergeCell(by.base.get(key), by.mine.get(key), by.theirs.get(key));
      cells.splice(at, 0, ...kept);
      doubled += kept.length > 1 ? 1 : 0;
      if (kept.length > 0) {
        used.set(key, kept[kept.length - 1]);
      }
    }
  };
  for (const part of parts(keysOf(base), keysOf(mine), keysOf(theirs))) {
    const keys = part.kind === 'agreed' ? part.items : [...part.mine, ...part.theirs];
    keys.forEach(key => take(key));
  }
  // What one side deleted and the other edited stays, after what was before it.
  let after = 0;
  for (const key of keysOf(base)) {
    if (!used.has(key) && by.mine.has(key) !== by.theirs.has(key)) {
      take(key, after);
    }
    const there = used.get(key);
    after = there === undefined ? after : cells.indexOf(there) + 1;
  }
  const metadata = mergeNotebookMetadata(
    base.metadata,
    mine.metadata,
    theirs.metadata
  ) as Notebook['metadata'];
  const nbformat_minor = Math.max(mine.nbformat_minor, theirs.nbformat_minor);
  return { notebook: { ...theirs, metadata, nbformat_minor, cells: distinct(cells) }, doubled };
}

/** No id twice: the format wants it, and an open notebook tells cells apart by it. */
function distinct(cells: Cell[]): Cell[] {
  const seen = new Set<unknown>();
  return cells.map(cell => {
    let id = cell.id;
    for (let turn = 2; typeof id === 'string' && seen.has(id); turn++) {
      id = `${(cell.id as string).slice(0, 55)}-${turn}`;
    }
    seen.add(id);
    return id === cell.id ? cell : { ...cell, id };
  });
}

function mergeCell(base?: Cell, mine?: Cell, theirs?: Cell): Cell[] {
  if (mine === undefined || theirs === undefined) {
    const one = mine ?? theirs;
    if (one === undefined) {
      return [];
    }
    // Deleted on one side, as it was on the other: gone.
    return base !== undefined && written(base) === written(one) ? [] : [one];
  }
  const [b, m, t] = [base && written(base), written(mine), written(theirs)];
  const together = (kept: Cell) =>
    withMetadata(withOutputs(kept, base, mine, theirs), base, mine, theirs);
  if (m === t) {
    return [together(base !== undefined && same(mine, base) ? theirs : mine)];
  }
  if (t === b) {
    return [together(mine)];
  }
  if (m === b) {
    return [together(theirs)];
  }
  const source = base === undefined ? null : mergeLines(base, mine, theirs);
  if (source !== null) {
    return [{ ...together(mine), source }];
  }
  return [marked(mine, 'local'), { ...marked(theirs, 'remote'), id: otherId(theirs) }];
}

/** `kept` with what both sides did to the metadata, such as tags. */
function withMetadata(kept: Cell, base: Cell | undefined, mine: Cell, theirs: Cell): Cell {
  const metadata = mergeMetadata(
    trustless(base?.metadata ?? {}),
    trustless(mine.metadata),
    trustless(theirs.metadata)
  );
  if (sameValue(metadata, trustless(kept.metadata))) {
    return kept;
  }
  const { trusted } = kept.metadata; // goes with the outputs
  return {
    ...kept,
    metadata: { ...metadata, ...(trusted === undefined ? {} : { trusted }) } as Cell['metadata']
  };
}

/** Lab keeps in memory whether a cell is trusted; on the disk it is no part of the cell. */
export function trustless(metadata: object): Metadata {
  const { trusted, ...rest } = metadata as Metadata;
  void trusted;
  return rest;
}

/** What a person wrote in a cell: running it changes nothing of this. */
function written(cell: Cell): string {
  return JSON.stringify([cell.cell_type, sourceOf(cell), cell.attachments ?? {}]);
}

/** Null if they cannot be merged: the same lines, other kinds of cell, other images. */
function mergeLines(base: Cell, mine: Cell, theirs: Cell): string | null {
  if (mine.cell_type !== theirs.cell_type || !same(mine.attachments, theirs.attachments)) {
    return null;
  }
  // The last line ends like the others: else adding one after it would change it.
  const [b, m, t] = [base, mine, theirs].map(cell => sourceOf(cell) + '\n');
  return mergeText(b, m, t)?.slice(0, -1) ?? null;
}

function marked(cell: Cell, side: 'local' | 'remote'): Cell {
  const metadata = { ...cell.metadata, [MARK]: { conflict: side } };
  return { ...cell, metadata };
}

/** Another id, the same on every hub that meets these two cells. */
function otherId(cell: Cell): string {
  const id = typeof cell.id === 'string' ? cell.id : 'cell';
  return `${id.slice(0, 55)}-remote`;
}

export function sourceOf(cell: Cell): string {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source;
}

/**
 * `notebook` with the ids that `known` has for the same cells, where it has none itself: Lab gives
 * ids to cells of older formats, the file has none. Cells are recognised by what is in them, and
 * an edited one by its place among those that are recognised.
 */
export function withIdsOf(notebook: Notebook, known: Notebook): Notebook {
  if (notebook.cells.every(cell => typeof cell.id === 'string')) {
    return notebook;
  }
  const ids: unknown[] = notebook.cells.map(cell => cell.id);
  const hunks = diff(known.cells.map(written), notebook.cells.map(written));
  let at = 0;
  const pair = (to: number, shift: number) => {
    for (; at < to; at++) {
      ids[at + shift] ??= known.cells[at].id;
    }
  };
  for (const hunk of hunks) {
    pair(hunk.aStart, hunk.bStart - hunk.aStart);
    const edited = Math.min(hunk.aEnd - hunk.aStart, hunk.bEnd - hunk.bStart);
    pair(hunk.aStart + edited, hunk.bStart - hunk.aStart);
    at = hunk.aEnd;
  }
  pair(known.cells.length, notebook.cells.length - known.cells.length);
  const cells = notebook.cells.map((cell, index) =>
    ids[index] === undefined ? cell : ({ ...cell, id: ids[index] } as Cell)
  );
  return {
    ...notebook,
    nbformat_minor: Math.max(5, notebook.nbformat_minor),
    cells: distinct(cells)
  };
}

/**
 * A cell's id, else its source, and its number among those that have the same: a copy by hand or by
 * another tool may have the id of the original, and is a cell of its own.
 */
export function keysOf(notebook: Notebook): string[] {
  const seen = new Map<string, number>();
  return notebook.cells.map(cell => {
    const name = typeof cell.id === 'string' ? `id:${cell.id}` : written(cell);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return `${count}:${name}`;
  });
}

function byKey(notebook: Notebook): Map<string, Cell> {
  const keys = keysOf(notebook);
  return new Map(notebook.cells.map((cell, index) => [keys[index], cell]));
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
