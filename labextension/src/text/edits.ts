/** A new text as few edits of the old one, so that cursors and scrolling stay where they are. */
import { diff } from './diff';
import { lines } from './merge';

export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** From the end to the start: each edit's positions are those of the old text. */
export function editsBetween(before: string, after: string): Edit[] {
  const a = lines(before);
  const b = lines(after);
  const starts = [0];
  for (const line of a) {
    starts.push(starts[starts.length - 1] + line.length);
  }
  return diff(a, b)
    .map(hunk =>
      trimmed(
        {
          start: starts[hunk.aStart],
          end: starts[hunk.aEnd],
          text: b.slice(hunk.bStart, hunk.bEnd).join('')
        },
        before
      )
    )
    .reverse();
}

/** Without the letters at both ends that stay. Surrogate pairs are not cut in two. */
function trimmed(edit: Edit, before: string): Edit {
  let { start, end } = edit;
  let from = 0;
  let to = edit.text.length;
  while (start < end && from < to && before[start] === edit.text[from]) {
    start++;
    from++;
  }
  while (end > start && to > from && before[end - 1] === edit.text[to - 1]) {
    end--;
    to--;
  }
  if (isLow(before, start) || isLow(edit.text, from)) {
    start--;
    from--;
  }
  if (isLow(before, end) || isLow(edit.text, to)) {
    end++;
    to++;
  }
  return { start, end, text: edit.text.slice(from, to) };
}

function isLow(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff;
}
