/**
 * Differences of two sequences, by Myers' greedy algorithm (E. Myers, "An O(ND) Difference
 * Algorithm and Its Variations", 1986). Pure.
 */

/** `a[aStart:aEnd]` became `b[bStart:bEnd]`; what lies between hunks is equal. */
export interface Hunk {
  aStart: number;
  aEnd: number;
  bStart: number;
  bEnd: number;
}

/** Beyond so many differences the rest is told as one hunk: right, only less fine. */
const MOST_DIFFERENCES = 1500;

export function diff<T>(a: readonly T[], b: readonly T[]): Hunk[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) {
    start++;
  }
  let aEnd = a.length;
  let bEnd = b.length;
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--;
    bEnd--;
  }
  if (start === aEnd && start === bEnd) {
    return [];
  }
  if (start === aEnd || start === bEnd) {
    return [{ aStart: start, aEnd, bStart: start, bEnd }];
  }
  const inner = myers(a.slice(start, aEnd), b.slice(start, bEnd));
  return inner.map(one => ({
    aStart: one.aStart + start,
    aEnd: one.aEnd + start,
    bStart: one.bStart + start,
    bEnd: one.bEnd + start
  }));
}

function myers<T>(a: readonly T[], b: readonly T[]): Hunk[] {
  const [n, m] = [a.length, b.length];
  const trace: Int32Array[] = [];
  const most = Math.min(n + m, MOST_DIFFERENCES);
  const middle = most + 1;
  const furthest = new Int32Array(2 * most + 3);
  for (let d = 0; d <= most; d++) {
    trace.push(furthest.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && furthest[middle + k - 1] < furthest[middle + k + 1]);
      let x = down ? furthest[middle + k + 1] : furthest[middle + k - 1] + 1;
      let y = x - k;
      while (x < n && y < m && a[x] === b[y]) {
        x++;
        y++;
      }
      furthest[middle + k] = x;
      if (x >= n && y >= m) {
        return backtrack(trace, middle, n, m);
      }
    }
  }
  return [{ aStart: 0, aEnd: n, bStart: 0, bEnd: m }];
}

function backtrack(trace: Int32Array[], middle: number, n: number, m: number): Hunk[] {
  const hunks: Hunk[] = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d > 0; d--) {
    const furthest = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && furthest[middle + k - 1] < furthest[middle + k + 1]);
    const before = down ? k + 1 : k - 1;
    const fromX = furthest[middle + before];
    const fromY = fromX - before;
    const [toX, toY] = down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    const next = hunks[0];
    if (next !== undefined && next.aStart === toX && next.bStart === toY) {
      next.aStart = fromX;
      next.bStart = fromY;
    } else {
      hunks.unshift({ aStart: fromX, aEnd: toX, bStart: fromY, bEnd: toY });
    }
    [x, y] = [fromX, fromY];
  }
  return hunks;
}
