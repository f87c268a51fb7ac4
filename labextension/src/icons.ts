/** The icons, drawn in strokes so that Lab's themes colour them. */
import { LabIcon } from '@jupyterlab/ui-components';

function drawn(name: string, strokes: string): LabIcon {
  return new LabIcon({
    name: `hubsync:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${strokes}</g></svg>`
  });
}

const CLOUD =
  '<path class="jp-icon3" stroke="#616161" d="M4.6 12.5a3.1 3.1 0 0 1-.3-6.2 4 4 0 0 1 7.6.6 2.8 2.8 0 0 1-.4 5.6z"/>';
const stroke = (d: string) => `<path class="jp-icon3" stroke="#616161" d="${d}"/>`;

/** Two arrows chasing each other: the product's own sign. */
export const syncIcon = drawn(
  'sync',
  stroke('M2.5 7a5.6 5.6 0 0 1 10-2.4') +
    stroke('M13 1.8v3h-3') +
    stroke('M13.5 9a5.6 5.6 0 0 1-10 2.4') +
    stroke('M3 14.2v-3h3')
);
export const syncedIcon = drawn('synced', CLOUD + stroke('M6 9.3l1.5 1.5 2.8-2.9'));
export const pendingIcon = drawn(
  'pending',
  CLOUD + stroke('M8 11V7.6') + stroke('M6.6 8.8L8 7.4l1.4 1.4')
);
export const offlineIcon = drawn('offline', CLOUD + stroke('M2.5 2.5l11 11'));
export const plainIcon = drawn('cloud', CLOUD);
export const plusIcon = drawn('set-up', CLOUD + stroke('M8 7.6v3.2') + stroke('M6.4 9.2h3.2'));
export const loginIcon = drawn(
  'login',
  '<circle class="jp-icon3" stroke="#616161" cx="5.2" cy="10.8" r="2.7"/>' +
    stroke('M7.2 8.8l6-6') +
    stroke('M10.6 5.4l2 2')
);
export const conflictIcon = drawn(
  'conflict',
  stroke('M8 14V9.5L4 6V2.5') +
    stroke('M8 9.5L12 6V2.5') +
    stroke('M2.4 4L4 2.3 5.6 4') +
    stroke('M10.4 4L12 2.3 13.6 4')
);
export const stopIcon = drawn(
  'stop',
  stroke('M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5z') + stroke('M8 5v3.6') + stroke('M8 11v.1')
);
export const pausedIcon = drawn('paused', stroke('M5.5 3.5v9') + stroke('M10.5 3.5v9'));
export const problemIcon = drawn(
  'problem',
  stroke('M8 2.4l6 11H2z') + stroke('M8 6.6v3') + stroke('M8 11.6v.1')
);
export const historyIcon = drawn(
  'history',
  stroke('M3 8a5.2 5.2 0 1 1 1.6 3.8') +
    stroke('M1.4 6.4L3 8.2l1.8-1.5') +
    stroke('M8 5.2V8.2l2 1.2')
);
