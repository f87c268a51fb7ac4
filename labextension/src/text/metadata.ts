/**
 * Metadata of notebooks and cells: merged key by key, never a conflict, by the rules of
 * `hubsync/merge/notebook_metadata.py`. Pure.
 */
export type Metadata = Record<string, unknown>;

/** They describe one kernel: half of one side's and half of the other's would describe none. */
const LANGUAGE = ['kernelspec', 'language_info'];

/** Key by key; where both changed one, mine, but what was edited outlives a deletion. */
export function mergeMetadata(base: Metadata, mine: Metadata, theirs: Metadata): Metadata {
  const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  return Object.fromEntries(
    [...keys]
      .map(key => [key, mergeValue(key, base[key], mine[key], theirs[key])] as const)
      .filter(([, value]) => value !== undefined)
  );
}

/** The same, with the kernel of one side: mine, unless only theirs is another one. */
export function mergeNotebookMetadata(base: Metadata, mine: Metadata, theirs: Metadata): Metadata {
  const made = mergeMetadata(base, mine, theirs);
  const stays = sameValue(mine.kernelspec, base.kernelspec);
  if (stays && sameValue(theirs.kernelspec, base.kernelspec)) {
    return made;
  }
  const chosen = stays ? theirs : mine;
  return Object.fromEntries([
    ...Object.entries(made).filter(([key]) => !LANGUAGE.includes(key)),
    ...LANGUAGE.filter(key => key in chosen).map(key => [key, chosen[key]] as const)
  ]);
}

/** Whether two values of JSON say the same; the order of keys says nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every(key => key in b && sameValue(a[key], b[key]))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, index) => sameValue(one, b[index]));
  }
  return a === b;
}

/** Undefined: not there. */
function mergeValue(key: string, before: unknown, here: unknown, there: unknown): unknown {
  if (sameValue(here, there) || sameValue(there, before)) {
    return here;
  }
  if (sameValue(here, before)) {
    return there;
  }
  if (isObject(here) && isObject(there) && !LANGUAGE.includes(key)) {
    return mergeMetadata(isObject(before) ? before : {}, here, there);
  }
  if (key === 'tags' && Array.isArray(here) && Array.isArray(there)) {
    const old = Array.isArray(before) ? (before as unknown[]) : [];
    const [mine, theirs] = [here as unknown[], there as unknown[]];
    const both = [...mine, ...theirs.filter(tag => !mine.includes(tag))];
    return both.filter(tag => !old.includes(tag) || (mine.includes(tag) && theirs.includes(tag)));
  }
  return here === undefined ? there : here;
}

function isObject(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
