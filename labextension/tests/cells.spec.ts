import { outputOf, rowsOf } from '../src/text/cells';
import type { Notebook } from '../src/text/notebook';

function notebook(cells: object[]): Notebook {
  const whole = cells.map(cell => ({ cell_type: 'code', metadata: {}, source: '', ...cell }));
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: whole } as unknown as Notebook;
}

const shown = (left: object[], right: object[]) =>
  rowsOf(notebook(left), notebook(right)).map(row => [
    row.left?.source ?? null,
    row.right?.source ?? null,
    row.differences.join()
  ]);

test('cells belong together by their ids, wherever others came or went', () => {
  const left = [
    { id: 'a', source: '1' },
    { id: 'b', source: '2' },
    { id: 'c', source: '3' }
  ];
  const right = [
    { id: 'n', source: 'new' },
    { id: 'a', source: '1' },
    { id: 'c', source: '33' }
  ];
  expect(shown(left, right)).toEqual([
    [null, 'new', 'added'],
    ['1', '1', ''],
    ['2', null, 'removed'],
    ['3', '33', 'source']
  ]);
});

test('cells without ids belong together by what is in them, else by their place', () => {
  const left = [{ source: 'import' }, { source: 'x = 1' }, { source: 'plot' }];
  const right = [{ source: 'import' }, { source: 'x = 2' }, { source: 'more' }, { source: 'plot' }];
  expect(shown(left, right)).toEqual([
    ['import', 'import', ''],
    ['x = 1', 'x = 2', 'source'],
    [null, 'more', 'added'],
    ['plot', 'plot', '']
  ]);
});

test('cells that got other ids are recognised', () => {
  const left = [{ id: 'a', source: '1' }];
  const right = [{ id: 'z', source: '1' }];
  expect(shown(left, right)).toEqual([['1', '1', '']]);
});

test('a cell that moved is shown where it was and where it is', () => {
  const left = [
    { id: 'a', source: '1' },
    { id: 'b', source: '2' }
  ];
  expect(shown(left, [left[1], left[0]])).toEqual([
    ['1', null, 'removed'],
    ['2', '2', ''],
    [null, '1', 'added']
  ]);
});

test('running a cell again is no difference, other outputs and tags are', () => {
  const stream = (text: unknown) => ({ output_type: 'stream', name: 'stdout', text });
  const cell = (count: number, text: unknown, metadata: object) => [
    { id: 'a', source: 's', execution_count: count, outputs: [stream(text)], metadata }
  ];
  expect(shown(cell(1, ['a\n', 'b'], {}), cell(2, 'a\nb', { trusted: true }))).toEqual([
    ['s', 's', '']
  ]);
  expect(shown(cell(1, 'a', {}), cell(1, 'b', { tags: ['x'] }))).toEqual([
    ['s', 's', 'outputs,metadata']
  ]);
});

test('a code cell that became a text is another kind of cell', () => {
  const left = [{ id: 'a', source: 's' }];
  const right = [{ id: 'a', source: 's', cell_type: 'markdown' }];
  expect(shown(left, right)).toEqual([['s', 's', 'kind']]);
});

test('no cell of either side is missing, and each is there once', () => {
  let seed = 7;
  const roll = (sides: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * sides);
  };
  const some = () =>
    Array.from({ length: roll(8) }, (_, index) => ({
      source: String(roll(5)),
      ...(roll(2) ? { id: `${roll(3)}-${index}` } : {})
    }));
  for (let turn = 0; turn < 500; turn++) {
    const [left, right] = [notebook(some()), notebook(some())];
    const rows = rowsOf(left, right);
    expect(rows.map(row => row.left).filter(Boolean)).toEqual(left.cells);
    expect(rows.map(row => row.right).filter(Boolean)).toEqual(right.cells);
  }
});

test('outputs are named by what they are', () => {
  expect(outputOf({ output_type: 'stream', name: 'stderr', text: ['a\n'] })).toEqual({
    name: 'stderr',
    text: 'a'
  });
  expect(outputOf({ output_type: 'error', ename: 'ValueError', evalue: 'no' })).toEqual({
    name: 'ValueError',
    text: 'no'
  });
  const data = { 'image/png': 'xxxx', 'text/plain': '<Figure>' };
  expect(outputOf({ output_type: 'display_data', data })).toEqual({
    name: 'image/png, text/plain',
    text: '<Figure>'
  });
});
