import type { TranslationBundle } from '@jupyterlab/translation';

const filled = (text: string, values: unknown[]) =>
  text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1]));

/** English as it is written. */
export const trans = {
  __: (text: string, ...values: unknown[]) => filled(text, values),
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    filled(count === 1 ? one : many, [count, ...values])
} as unknown as TranslationBundle;
