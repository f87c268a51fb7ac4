/** The commands' ids, for shortcuts and menus. */
export const CommandIDs = {
  open: 'hubsync:open',
  sync: 'hubsync:sync',
  pause: 'hubsync:toggle-pause',
  setUp: 'hubsync:set-up',
  history: 'hubsync:history',
  restore: 'hubsync:restore',
  ignore: 'hubsync:ignore',
  resolve: 'hubsync:resolve'
} as const;
