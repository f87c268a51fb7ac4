import { diff } from '../src/text/diff';
import { editsBetween } from '../src/text/edits';
import { lines, mergeText } from '../src/text/merge';
import { mergeNotebook, sourceOf, withIdsOf, type Cell, type Notebook } from '../src/text/notebook';

/** Numbers that look random and are the same each time (mulberry32). */
function dice(seed: number): (sides: number) => number {
  return sides => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

function edited(text: string, roll: (sides: number) => number): string {
  const all = lines(text);
  for (let turn = roll(4); turn > 0; turn--) {
    const at = roll(all.length + 1);
    const words = roll(3) === 0 ? [] : [`line ${roll(9)}${roll(4) === 0 ? '' : '\n'}`];
    all.splice(at, roll(3), ...words);
  }
  return all.join('');
}

test('applying the hunks of a difference gives the other sequence', () => {
  const roll = dice(1);
  for (let turn = 0; turn < 500; turn++) {
    const a = Array.from({ length: roll(12) }, () => roll(4));
    const b = Array.from({ length: roll(12) }, () => roll(4));
    const made = [...a];
    for (const hunk of diff(a, b).reverse()) {
      made.splice(hunk.aStart, hunk.aEnd - hunk.aStart, ...b.slice(hunk.bStart, hunk.bEnd));
    }
    expect(made).toEqual(b);
  }
});

test('texts that have nothing in common are one hunk, and quickly', () => {
  const a = Array.from({ length: 20_000 }, (_, n) => `a${n}`);
  const b = Array.from({ length: 20_000 }, (_, n) => `b${n}`);
  expect(diff(a, b)).toEqual([{ aStart: 0, aEnd: 20_000, bStart: 0, bEnd: 20_000 }]);
});

test('applying the edits between two texts gives the second', () => {
  const roll = dice(2);
  for (let turn = 0; turn < 300; turn++) {
    const before = edited('one\ntwo\nthree\nfour\nfive\n', roll);
    const after = edited(before, roll);
    let text = before;
    for (const edit of editsBetween(before, after)) {
      text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
    }
    expect(text).toBe(after);
  }
});

test('an edit changes no more than what differs', () => {
  expect(editsBetween('a\nthe cat\nb\n', 'a\nthe dog\nb\n')).toEqual([
    { start: 6, end: 9, text: 'dog' }
  ]);
});

test('an edit cuts no character in two', () => {
  expect(editsBetween('a😀b\n', 'a😁b\n')).toEqual([{ start: 1, end: 3, text: '😁' }]);
});

test.each([
  ['one\ntwo\nthree\n', 'ONE\ntwo\nthree\n', 'one\ntwo\nTHREE\n', 'ONE\ntwo\nTHREE\n'],
  ['one\ntwo\nthree\n', 'one\ntwo\nthree\n', 'one\nthree\n', 'one\nthree\n'],
  ['one\n', 'one\ntwo\n', 'one\ntwo\n', 'one\ntwo\n'],
  ['one\ntwo\n', 'one\nTWO\n', 'one\nZWEI\n', null],
  ['one\ntwo\n', 'ONE\ntwo\n', 'one\nTWO\n', null], // neighbours are one place
  ['a\nb\nc\nd\n', 'd\n', 'a\nb\nc\nd\ne\n', 'd\ne\n'],
  ['a\nb\n', 'a\n', 'a\nb\nc\n', null] // one's deletion touches the other's insertion
])('%j with %j and %j gives %j', (base, mine, theirs, merged) => {
  expect(mergeText(base, mine, theirs)).toBe(merged);
});

test('a merge takes the same from both sides, whichever is called mine', () => {
  const roll = dice(3);
  for (let turn = 0; turn < 500; turn++) {
    const base = edited('one\ntwo\nthree\nfour\nfive\nsix\nseven\n', roll);
    const [mine, theirs] = [edited(base, roll), edited(base, roll)];
    expect(mergeText(base, mine, theirs)).toBe(mergeText(base, theirs, mine));
    expect(mergeText(base, mine, base)).toBe(mine);
    expect(mergeText(base, base, theirs)).toBe(theirs);
  }
});

function notebook(cells: [string | null, string][], extra: object = {}): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map(([id, source]) => ({
      ...(id === null ? {} : { id }),
      cell_type: 'markdown',
      metadata: {},
      source
    })),
    ...extra
  } as Notebook;
}

const sources = (merged: { notebook: Notebook }) => merged.notebook.cells.map(sourceOf);

test('edits of different cells both arrive', () => {
  const base = notebook([
    ['a', 'A'],
    ['b', 'B']
  ]);
  const merged = mergeNotebook(
    base,
    notebook([
      ['a', 'A1'],
      ['b', 'B']
    ]),
    notebook([
      ['a', 'A'],
      ['b', 'B1'],
      ['c', 'C']
    ])
  );
  expect(sources(merged)).toEqual(['A1', 'B1', 'C']);
  expect(merged.doubled).toBe(0);
});

test('edits of the same lines of a cell keep both, one after the other', () => {
  const merged = mergeNotebook(
    notebook([['a', 'A']]),
    notebook([['a', 'A1']]),
    notebook([['a', 'A2']])
  );
  expect(sources(merged)).toEqual(['A1', 'A2']);
  expect(merged.doubled).toBe(1);
  expect(merged.notebook.cells.map(cell => cell.id)).toEqual(['a', 'a-remote']);
  expect(merged.notebook.cells.map(cell => cell.metadata.hubsync)).toEqual([
    { conflict: 'local' },
    { conflict: 'remote' }
  ]);
});

test('a cell that one side deleted and the other edited stays', () => {
  const base = notebook([
    ['a', 'A'],
    ['b', 'B'],
    ['c', 'C']
  ]);
  const less = notebook([
    ['a', 'A'],
    ['c', 'C']
  ]);
  const more = notebook([
    ['a', 'A'],
    ['b', 'B1'],
    ['c', 'C']
  ]);
  expect(sources(mergeNotebook(base, less, more))).toEqual(['A', 'B1', 'C']);
  expect(sources(mergeNotebook(base, more, less))).toEqual(['A', 'B1', 'C']);
  expect(sources(mergeNotebook(base, less, base))).toEqual(['A', 'C']);
});

test('a cell that one side moved and the other edited is there once, with the edit', () => {
  const base = notebook([
    ['a', 'A'],
    ['b', 'B'],
    ['c', 'C']
  ]);
  const moved = notebook([
    ['b', 'B'],
    ['c', 'C'],
    ['a', 'A']
  ]);
  const written = notebook([
    ['a', 'A1'],
    ['b', 'B'],
    ['c', 'C']
  ]);
  expect(sources(mergeNotebook(base, moved, written))).toEqual(['B', 'C', 'A1']);
});

test('cells without ids are recognised by what is in them', () => {
  const base = notebook([
    [null, 'A'],
    [null, 'A'],
    [null, 'B']
  ]);
  const mine = notebook([
    [null, 'new'],
    [null, 'A'],
    [null, 'A'],
    [null, 'B']
  ]);
  const theirs = notebook([
    [null, 'A'],
    [null, 'A'],
    [null, 'B'],
    [null, 'end']
  ]);
  expect(sources(mergeNotebook(base, mine, theirs))).toEqual(['new', 'A', 'A', 'B', 'end']);
});

test('a file without ids is seen as the open notebook sees it', () => {
  const open = notebook([
    ['a', 'A'],
    ['b', 'B'],
    ['c', 'C']
  ]);
  const file = notebook(
    [
      [null, 'new'],
      [null, 'A'],
      [null, 'B1'],
      [null, 'C']
    ],
    { nbformat_minor: 4 }
  );
  const seen = withIdsOf(file, open);
  expect(seen.cells.map(cell => cell.id)).toEqual([undefined, 'a', 'b', 'c']);
  expect(
    sources(
      mergeNotebook(
        open,
        notebook([
          ['a', 'A'],
          ['b', 'B'],
          ['c', 'C1']
        ]),
        seen
      )
    )
  ).toEqual(['new', 'A', 'B1', 'C1']);
});

test('no source that a person wrote is missing from a merge, and no id is there twice', () => {
  const roll = dice(4);
  const change = (from: Notebook, side: string): Notebook => {
    const cells = from.cells.map(cell => ({ ...cell }) as Cell);
    for (let turn = roll(4); turn > 0; turn--) {
      const at = roll(cells.length + 1);
      const what = roll(4);
      if (what === 0 && at < cells.length) {
        cells.splice(at, 1);
      } else if (what === 1 && at < cells.length) {
        cells[at].source = `${sourceOf(cells[at])} ${side}${roll(99)}`;
      } else if (what === 2 && at < cells.length) {
        cells.splice(roll(cells.length), 0, ...cells.splice(at, 1));
      } else {
        cells.splice(at, 0, notebook([[`${side}${roll(999)}`, `new ${side}${roll(99)}`]]).cells[0]);
      }
    }
    return { ...from, cells };
  };
  for (let turn = 0; turn < 500; turn++) {
    const base = notebook([
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'C'],
      ['d', 'D']
    ]);
    const [mine, theirs] = [change(base, 'm'), change(base, 't')];
    const merged = mergeNotebook(base, mine, theirs).notebook;
    const before = new Set(base.cells.map(sourceOf));
    const all = merged.cells.map(sourceOf);
    for (const side of [mine, theirs]) {
      for (const source of side.cells.map(sourceOf).filter(one => !before.has(one))) {
        expect(all).toContain(source);
      }
    }
    expect(new Set(merged.cells.map(cell => cell.id)).size).toBe(merged.cells.length);
  }
});

test('metadata of a cell and of the notebook come from both sides', () => {
  const written = (source: string, metadata: object, whole: object): Notebook => {
    const made = notebook([['a', source]], { metadata: whole });
    Object.assign(made.cells[0], { metadata });
    return made;
  };
  const kernel = (version: string) => ({
    kernelspec: { name: 'python3', display_name: 'Python 3' },
    language_info: { name: 'python', version }
  });
  const base = written('A', { tags: ['old'], slideshow: { slide_type: 'slide' } }, kernel('3.11'));
  const typed = written(
    'A1',
    { tags: ['old', 'parameters'], slideshow: { slide_type: 'slide' }, trusted: true },
    { ...kernel('3.12'), title: 'Mine' }
  );
  const tagged = written(
    'A',
    { tags: ['old', 'skip'], slideshow: { slide_type: 'notes' } },
    { ...kernel('3.11'), authors: [{ name: 'Ada' }] }
  );
  for (const [mine, theirs] of [
    [typed, tagged],
    [tagged, typed]
  ]) {
    const { notebook: merged } = mergeNotebook(base, mine, theirs);
    const [cell] = merged.cells;
    const { tags, ...rest } = cell.metadata as { tags: string[] };
    expect(sourceOf(cell)).toBe('A1');
    expect([...tags].sort()).toEqual(['old', 'parameters', 'skip']);
    expect(rest).toEqual({ slideshow: { slide_type: 'notes' }, trusted: true });
    expect(merged.metadata).toEqual({
      ...kernel('3.12'),
      title: 'Mine',
      authors: [{ name: 'Ada' }]
    });
  }
});

test('metadata that both removed, or one removed as it was, is gone; what was edited stays', () => {
  const of = (metadata: object): Notebook => {
    const made = notebook([['a', 'A']]);
    Object.assign(made.cells[0], { metadata });
    return made;
  };
  const base = of({ both: 1, one: 1, edited: 1, tags: ['x', 'y'] });
  const mine = of({ edited: 2, tags: ['y', 'z'], one: 1 });
  const theirs = of({ tags: ['x', 'y'] });
  expect(mergeNotebook(base, mine, theirs).notebook.cells[0].metadata).toEqual({
    edited: 2,
    tags: ['y', 'z']
  });
});

test('cells of which several have one id are all there', () => {
  const of = (...written: string[]) => notebook(written.map(source => ['same', source]));
  const merged = mergeNotebook(of('A', 'B'), of('A1', 'B'), of('A', 'B', 'C'));
  expect(sources(merged)).toEqual(['A1', 'B', 'C']);
  expect(new Set(merged.notebook.cells.map(cell => cell.id)).size).toBe(3);
  expect(sources(mergeNotebook(of('A', 'B'), of('A', 'B1'), of('A', 'N', 'B')))).toEqual(
    expect.arrayContaining(['A', 'B1', 'N', 'B'])
  );
});

/** One cell of code; what it printed, and how often the kernel had run something by then. */
const ran = (source: string, printed: string[], count: number | null = null, metadata = {}) =>
  ({
    ...notebook([]),
    cells: [
      {
        id: 'a',
        cell_type: 'code',
        source,
        metadata,
        outputs: printed.map(text => ({ output_type: 'stream', name: 'stdout', text })),
        execution_count: count
      }
    ]
  }) as Notebook;

const NEW = ran('A', []);
const OLD = ran('A', ['old'], 1);

test.each<[string, Notebook, Notebook, Notebook, Notebook]>([
  ['running here, edited there', NEW, ran('A', ['0']), ran('A1', []), ran('A1', ['0'])],
  [
    'running here and cleared first, edited there',
    OLD,
    ran('A', ['0']),
    ran('A1', ['old'], 1),
    ran('A1', ['0'])
  ],
  [
    'running here and saved before, edited there',
    ran('A', ['0']),
    ran('A', ['01']),
    ran('A1', []),
    ran('A1', ['01'])
  ],
  [
    'run there, edited here',
    OLD,
    ran('A1', ['old'], 1),
    ran('A', ['new'], 4),
    ran('A1', ['new'], 4)
  ],
  ['run again there, with the same outputs', OLD, OLD, ran('A', ['old'], 2), ran('A', ['old'], 2)],
  ['cleared there', OLD, OLD, ran('A1', []), ran('A1', [])],
  [
    'run on both sides',
    OLD,
    ran('A', ['mine'], 2),
    ran('A1', ['theirs'], 3),
    ran('A1', ['theirs'], 3)
  ],
  [
    'run on both sides, edited here',
    OLD,
    ran('A1', ['mine'], 2),
    ran('A', ['theirs'], 3),
    ran('A1', ['mine'], 2)
  ],
  [
    'run here, lines of both sides',
    ran('A\n\nB', []),
    ran('A1\n\nB', ['0']),
    ran('A\n\nB1', []),
    ran('A1\n\nB1', ['0'])
  ],
  [
    'run there, lines of both sides',
    ran('A\n\nB', []),
    ran('A1\n\nB', []),
    ran('A\n\nB1', ['0'], 1),
    ran('A1\n\nB1', ['0'], 1)
  ]
])('outputs of a cell, %s', (_, base, mine, theirs, expected) => {
  expect(mergeNotebook(base, mine, theirs).notebook.cells).toEqual(expected.cells);
});

test('trust goes with the outputs', () => {
  const trusted = { trusted: true };
  const [mine, theirs] = [ran('A1', [], null, trusted), ran('A', ['new'], 1)];
  expect(mergeNotebook(NEW, mine, theirs).notebook.cells[0].metadata).toEqual({});
  const here = ran('A', ['0'], null, trusted);
  const [cell] = mergeNotebook(NEW, here, ran('A1', [])).notebook.cells;
  expect([sourceOf(cell), cell.metadata]).toEqual(['A1', trusted]);
});
