/** Two notebooks cell by cell: which belong together, and in what they differ. Pure. */
import { diff } from './diff';
import { type Cell, type Notebook, same, sourceOf } from './notebook';

export type Difference = 'added' | 'removed' | 'kind' | 'source' | 'outputs' | 'metadata';

/** One of the two is null where the other side has no such cell. */
export interface Row {
  left: Cell | null;
  right: Cell | null;
  /** Empty: the same on both sides. That a cell was run again is no difference. */
  differences: Difference[];
}

/** Cells belong together by their id, else by what is in them, else by their place. */
export function rowsOf(left: Notebook, right: Notebook): Row[] {
  const shared = sharedIds(left, right);
  const [a, b] = [keysOf(left, shared), keysOf(right, shared)];
  const rows: Row[] = [];
  let [i, j] = [0, 0];
  const take = (l: Cell | undefined, r: Cell | undefined) => rows.push(row(l ?? null, r ?? null));
  for (const hunk of [...diff(a, b), { aStart: a.length, aEnd: 0, bStart: b.length, bEnd: 0 }]) {
    while (i < hunk.aStart) {
      take(left.cells[i++], right.cells[j++]);
    }
    while (i < hunk.aEnd && j < hunk.bEnd && replaces(left.cells[i], right.cells[j], shared)) {
      take(left.cells[i++], right.cells[j++]);
    }
    while (i < hunk.aEnd) {
      take(left.cells[i++], undefined);
    }
    while (j < hunk.bEnd) {
      take(undefined, right.cells[j++]);
    }
  }
  return rows;
}

/** What an output is, in a word or two that need no translation, and its text, if it has one. */
export function outputOf(output: unknown): { name: string; text: string } {
  const { output_type, name, ename, evalue, text, data } = output as Output;
  const plain = text ?? data?.['text/plain'] ?? '';
  const shown = (Array.isArray(plain) ? plain.join('') : plain).trimEnd();
  switch (output_type) {
    case 'error':
      return { name: ename ?? '', text: evalue ?? '' };
    case 'stream':
      return { name: name ?? 'stdout', text: shown };
    default:
      return { name: Object.keys(data ?? {}).join(', '), text: shown };
  }
}

interface Output {
  output_type: string;
  name?: string;
  ename?: string;
  evalue?: string;
  text?: string | string[];
  data?: Record<string, string | string[] | undefined>;
}

export function outputsOf(cell: Cell | null): unknown[] {
  return (cell?.outputs as unknown[] | undefined) ?? [];
}

function row(left: Cell | null, right: Cell | null): Row {
  if (left === null || right === null) {
    return { left, right, differences: [left === null ? 'added' : 'removed'] };
  }
  const differences: Difference[] = [];
  if (left.cell_type !== right.cell_type) {
    differences.push('kind');
  }
  if (sourceOf(left) !== sourceOf(right) || !same(left.attachments, right.attachments)) {
    differences.push('source');
  }
  if (!same(outputsOf(left).map(lasting), outputsOf(right).map(lasting))) {
    differences.push('outputs');
  }
  if (!same(metadataOf(left), metadataOf(right))) {
    differences.push('metadata');
  }
  return { left, right, differences };
}

/** Without the count, and with texts whole: both say the same. */
function lasting(output: unknown): unknown {
  const { execution_count, text, ...rest } = output as Record<string, unknown>;
  void execution_count;
  return [joined(text), sorted(rest)];
}

function joined(text: unknown): unknown {
  return Array.isArray(text) ? text.join('') : text;
}

function metadataOf(cell: Cell): unknown {
  const { trusted, ...rest } = cell.metadata as Record<string, unknown>;
  void trusted; // of this server's memory alone
  return sorted(rest);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.every(one => typeof one === 'string') ? value.join('') : value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value).sort();
    return names.map(name => [name, sorted((value as Record<string, unknown>)[name])]);
  }
  return value;
}

function sharedIds(left: Notebook, right: Notebook): Set<unknown> {
  const ids = new Set(left.cells.map(cell => cell.id));
  return new Set(right.cells.map(cell => cell.id).filter(id => id !== undefined && ids.has(id)));
}

function keysOf(notebook: Notebook, shared: Set<unknown>): string[] {
  return notebook.cells.map(cell =>
    shared.has(cell.id) ? `id:${cell.id as string}` : `${cell.cell_type}:${sourceOf(cell)}`
  );
}

/** One stands where the other stood. With ids of its own, a cell is another one. */
function replaces(left: Cell, right: Cell, shared: Set<unknown>): boolean {
  const named = left.id !== undefined && right.id !== undefined;
  const known = shared.has(left.id) || shared.has(right.id);
  return !named && !known && left.cell_type === right.cell_type;
}
