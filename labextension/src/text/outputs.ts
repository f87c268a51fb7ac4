/**
 * Three-way merge of what running a cell has left: outputs, their count, and whether they are
 * trusted. They are one value, apart from the source, for a running cell goes on filling it. Pure.
 */
import type * as nbformat from '@jupyterlab/nbformat';
import { sameValue } from './metadata';

type Cell = nbformat.ICell;

/** `kept`, one of the two sides, with the outputs of the side that has run the cell. */
export function withOutputs(kept: Cell, base: Cell | undefined, mine: Cell, theirs: Cell): Cell {
  const ran = sideThatRan(kept, base, kept === mine ? theirs : mine);
  if (ran === kept) {
    return kept;
  }
  // Trust goes with the outputs: those of a file must not gain that of what was run here.
  const { trusted, ...metadata } = kept.metadata as Record<string, unknown>;
  void trusted;
  const trust = ran.metadata.trusted === undefined ? {} : { trusted: ran.metadata.trusted };
  return {
    ...kept,
    metadata: { ...metadata, ...trust } as Cell['metadata'],
    outputs: ran.outputs,
    execution_count: ran.execution_count
  };
}

function sideThatRan(kept: Cell, base: Cell | undefined, other: Cell): Cell {
  if (kept.cell_type !== 'code' || other.cell_type !== 'code') {
    return kept;
  }
  const [before, here, there] = [outputsOf(base), outputsOf(kept), outputsOf(other)];
  if (sameValue(there, before)) {
    const counted = sameValue(here, before) && countOf(kept) === countOf(base);
    return counted ? other : kept;
  }
  if (sameValue(here, before)) {
    return other;
  }
  return here.length > 0 ? kept : other; // what was run outlives a clearing
}

function outputsOf(cell: Cell | undefined): unknown[] {
  return (cell?.outputs as unknown[] | undefined) ?? [];
}

function countOf(cell: Cell | undefined): unknown {
  return cell?.execution_count ?? null;
}
