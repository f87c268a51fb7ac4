/** Three-way merge of sequences and of texts by lines. Pure. */
import { diff, type Hunk } from './diff';

/**
 * The merged sequence, or null if both sides changed one place differently. Changes that touch
 * each other count as one place, as in `git merge`.
 */
export function merge3<T>(
  base: readonly T[],
  mine: readonly T[],
  theirs: readonly T[]
): T[] | null {
  const merged: T[] = [];
  for (const part of parts(base, mine, theirs)) {
    if (part.kind === 'conflict') {
      return null;
    }
    merged.push(...part.items);
  }
  return merged;
}

export type Part<T> =
  { kind: 'agreed'; items: T[] } | { kind: 'conflict'; base: T[]; mine: T[]; theirs: T[] };

/** The merged sequence in pieces, with the places on which both sides disagree. */
export function parts<T>(base: readonly T[], mine: readonly T[], theirs: readonly T[]): Part<T>[] {
  const mineHunks = diff(base, mine);
  const theirHunks = diff(base, theirs);
  const found: Part<T>[] = [];
  let at = 0;
  let [i, j] = [0, 0];
  while (i < mineHunks.length || j < theirHunks.length) {
    const start = Math.min(mineHunks[i]?.aStart ?? Infinity, theirHunks[j]?.aStart ?? Infinity);
    const [fromI, fromJ] = [i, j];
    let end = start;
    // Everything that overlaps or touches, on either side, is one place.
    for (;;) {
      if (i < mineHunks.length && mineHunks[i].aStart <= end) {
        end = Math.max(end, mineHunks[i++].aEnd);
      } else if (j < theirHunks.length && theirHunks[j].aStart <= end) {
        end = Math.max(end, theirHunks[j++].aEnd);
      } else {
        break;
      }
    }
    found.push({ kind: 'agreed', items: base.slice(at, start) });
    const myPart = side(mine, mineHunks.slice(fromI, i), start, end, offset(mineHunks, fromI));
    const theirPart = side(
      theirs,
      theirHunks.slice(fromJ, j),
      start,
      end,
      offset(theirHunks, fromJ)
    );
    const basePart = base.slice(start, end);
    if (fromJ === j || same(myPart, theirPart)) {
      found.push({ kind: 'agreed', items: myPart });
    } else if (fromI === i) {
      found.push({ kind: 'agreed', items: theirPart });
    } else {
      found.push({ kind: 'conflict', base: basePart, mine: myPart, theirs: theirPart });
    }
    at = end;
  }
  found.push({ kind: 'agreed', items: base.slice(at) });
  return found.filter(part => part.kind === 'conflict' || part.items.length > 0);
}

/** How far a side is shifted against the base before its hunk number `index`. */
function offset(hunks: Hunk[], index: number): number {
  const before = hunks[index - 1];
  return before === undefined ? 0 : before.bEnd - before.aEnd;
}

function side<T>(all: readonly T[], hunks: Hunk[], start: number, end: number, shift: number): T[] {
  const last = hunks[hunks.length - 1];
  const endShift = last === undefined ? shift : last.bEnd - last.aEnd;
  return all.slice(start + shift, end + endShift);
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** Lines with their ends, so that joining gives the text again. */
export function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Merged by lines; null where both sides changed the same or neighbouring lines. */
export function mergeText(base: string, mine: string, theirs: string): string | null {
  if (mine === theirs || theirs === base) {
    return mine;
  }
  if (mine === base) {
    return theirs;
  }
  return merge3(lines(base), lines(mine), lines(theirs))?.join('') ?? null;
}
