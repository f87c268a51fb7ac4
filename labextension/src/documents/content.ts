/**
 * What is in an open document, as a value that can be compared and merged, and put back with as
 * few changes as possible.
 */
import type { ISharedCell, ISharedNotebook, ISharedText } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { editsBetween } from '../text/edits';
import { mergeText } from '../text/merge';
import {
  type Cell,
  keysOf,
  mergeNotebook,
  type Notebook,
  same,
  sourceOf,
  trustless,
  withIdsOf
} from '../text/notebook';

export type Held = { kind: 'text'; text: string } | { kind: 'notebook'; notebook: Notebook };

export interface Merged {
  held: Held;
  /** Cells that both sides changed and that are there twice now. */
  doubled: number;
}

type Model = DocumentRegistry.IModel;

/** Null for a document that is neither text nor a notebook, such as an image. */
export function heldBy(model: Model): Held | null {
  if (isNotebook(model)) {
    return { kind: 'notebook', notebook: model.sharedModel.toJSON() };
  }
  return isText(model)
    ? { kind: 'text', text: (model.sharedModel as ISharedText).getSource() }
    : null;
}

/** What the disk holds, in the same form; null if it is of another kind. */
export function heldOnDisk(file: Contents.IModel, like: Held): Held | null {
  if (like.kind === 'notebook') {
    return file.format === 'json' && isNotebookContent(file.content)
      ? { kind: 'notebook', notebook: withIdsOf(file.content, like.notebook) }
      : null;
  }
  return typeof file.content === 'string' && file.format === 'text'
    ? { kind: 'text', text: file.content.replace(/\r\n?/g, '\n') }
    : null;
}

export function equal(a: Held, b: Held): boolean {
  if (a.kind === 'text' || b.kind === 'text') {
    return a.kind === 'text' && b.kind === 'text' && a.text === b.text;
  }
  return same(comparable(a.notebook), comparable(b.notebook));
}

/** Null if a person has to choose. Notebooks can always be merged. */
export function merge(base: Held, mine: Held, theirs: Held): Merged | null {
  if (base.kind === 'notebook' && mine.kind === 'notebook' && theirs.kind === 'notebook') {
    const { notebook, doubled } = mergeNotebook(base.notebook, mine.notebook, theirs.notebook);
    return { held: { kind: 'notebook', notebook }, doubled };
  }
  if (base.kind === 'text' && mine.kind === 'text' && theirs.kind === 'text') {
    const text = mergeText(base.text, mine.text, theirs.text);
    return text === null ? null : { held: { kind: 'text', text }, doubled: 0 };
  }
  return null;
}

/** As a text, for comparing by eye and for saving beside. */
export function asFile(held: Held): { format: 'text' | 'json'; content: unknown } {
  return held.kind === 'text'
    ? { format: 'text', content: held.text }
    : { format: 'json', content: held.notebook };
}

/** Makes the document hold `next`. What stays is not touched: cursors, scrolling, running cells. */
export function put(model: Model, next: Held, undoable: boolean): void {
  if (next.kind === 'text' && isText(model)) {
    const shared = model.sharedModel;
    shared.transact(() => putText(shared, next.text), undoable);
  } else if (next.kind === 'notebook' && isNotebook(model)) {
    putNotebook(model.sharedModel, next.notebook, undoable);
  }
}

function putText(shared: ISharedText, text: string): void {
  for (const edit of editsBetween(shared.getSource(), text)) {
    shared.updateSource(edit.start, edit.end, edit.text);
  }
}

/**
 * Each step is a transaction of its own: only when one has ended does the notebook know which cell
 * stands where, and a cell that is found by its place in the middle of one is another one.
 */
export function putNotebook(shared: ISharedNotebook, next: Notebook, undoable: boolean): void {
  const step = (change: () => void) => shared.transact(change, undoable);
  const before = shared.toJSON();
  const keys = keysOf(before);
  const wanted = keysOf(next);
  const kept = new Set(wanted);
  for (let index = keys.length - 1; index >= 0; index--) {
    const staying =
      kept.has(keys[index]) &&
      next.cells[wanted.indexOf(keys[index])].cell_type === before.cells[index].cell_type;
    if (!staying) {
      step(() => shared.deleteCell(index));
      keys.splice(index, 1);
      before.cells.splice(index, 1);
    }
  }
  next.cells.forEach((cell, index) => {
    const at = keys.indexOf(wanted[index]);
    if (at < 0) {
      step(() => shared.insertCell(index, cell));
      keys.splice(index, 0, wanted[index]);
      before.cells.splice(index, 0, cell);
      return;
    }
    if (at !== index) {
      step(() => shared.moveCell(at, index));
      keys.splice(index, 0, ...keys.splice(at, 1));
      before.cells.splice(index, 0, ...before.cells.splice(at, 1));
    }
    if (!same(before.cells[index], cell)) {
      const stays = before.cells[index];
      step(() => putCell(shared.getCell(index), stays, cell));
    }
  });
  if (!same(before.metadata, next.metadata)) {
    step(() => shared.setMetadata(next.metadata));
  }
}

function putCell(shared: ISharedCell, before: Cell, next: Cell): void {
  putText(shared, sourceOf(next));
  if (!same(sorted(trustless(before.metadata)), sorted(trustless(next.metadata)))) {
    const { trusted } = before.metadata;
    const metadata = { ...trustless(next.metadata), ...(trusted === undefined ? {} : { trusted }) };
    shared.setMetadata(metadata as never);
  }
  if ('setAttachments' in shared && !same(before.attachments, next.attachments)) {
    shared.setAttachments(next.attachments as never);
  }
  if (shared.cell_type === 'code') {
    const code = shared as unknown as {
      execution_count: number | null;
      setOutputs: (outputs: unknown) => void;
      setMetadata: (name: string, value: boolean) => void;
    };
    if (!same(sorted(before.outputs), sorted(next.outputs))) {
      // Outputs that were made elsewhere are trusted as far as the server trusts them.
      if (before.metadata.trusted !== next.metadata.trusted) {
        code.setMetadata('trusted', next.metadata.trusted === true);
      }
      code.setOutputs(next.outputs ?? []);
    }
    code.execution_count = (next.execution_count as number | null) ?? null;
  }
}

function isText(model: Model): model is Model & { sharedModel: ISharedText } {
  const shared = model.sharedModel as unknown as Partial<ISharedText>;
  return typeof shared.updateSource === 'function' && typeof shared.getSource === 'function';
}

function isNotebook(model: Model): model is Model & { sharedModel: ISharedNotebook } {
  const shared = model.sharedModel as unknown as Partial<ISharedNotebook>;
  return typeof shared.insertCell === 'function' && typeof shared.toJSON === 'function';
}

function isNotebookContent(content: unknown): content is Notebook {
  return (
    (content as Partial<Notebook> | null)?.nbformat === 4 &&
    Array.isArray((content as Notebook).cells)
  );
}

/** Two ways to write the same: sources as lines or whole, defaults that are left out. */
function comparable(notebook: Notebook): unknown {
  const { orig_nbformat, ...metadata } = notebook.metadata;
  void orig_nbformat;
  return [
    sorted(metadata),
    notebook.cells.map(cell => [
      cell.cell_type,
      sourceOf(cell),
      sorted(trustless(cell.metadata)),
      cell.attachments ?? {},
      sorted(cell.outputs ?? []),
      cell.execution_count ?? null
    ])
  ];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, sorted(inner)])
    );
  }
  return value;
}
