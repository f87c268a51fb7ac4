/** Figures and times for people, in the browser's language. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** "14:03" for today, else with the date. */
export function when(time: string, now: Date = new Date()): string {
  const at = new Date(time);
  const clock = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (at.toDateString() === now.toDateString()) {
    return clock;
  }
  const date: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };
  if (at.getFullYear() !== now.getFullYear()) {
    date.year = 'numeric';
  }
  return `${at.toLocaleDateString(undefined, date)}, ${clock}`;
}

/** A URL short enough for a narrow panel: without a scheme that says nothing. */
export function place(url: string): string {
  return url.replace(/^(git\+)?https?:\/\//, '').replace(/^file:\/\//, '');
}
