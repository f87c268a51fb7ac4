/** The commands: for the palette, menus and shortcuts. */
import { type ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { HubsyncError } from './api';
import type { Marks } from './browser';
import { CommandIDs } from './commandids';
import type { Comparing } from './comparing';
import type { Hubsync } from './context';
import { conflictIcon, historyIcon, plusIcon, syncIcon } from './icons';
import type { PanelState } from './panel/state';
import type { WorkspacePath } from './protocol';

export function addCommands(
  hub: Hubsync,
  panel: PanelState,
  comparing: Comparing,
  show: () => void,
  browsers: IFileBrowserFactory | null,
  marks: Marks
): void {
  const { trans, api } = hub;
  const { commands } = hub.app;
  const told = (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      const fault = HubsyncError.of(error);
      Notification.error([fault.message, fault.hint].filter(Boolean).join(' '));
    });
  const selected = (): string | null => {
    const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 ? items[0].path : null;
  };
  /** The one file that is chosen in the browser, as a path of the workspace. */
  const chosen = (): WorkspacePath | null => {
    const path = selected();
    return path === null ? null : hub.workspacePath(path);
  };
  const conflictOf = (path: WorkspacePath | null) =>
    hub.model.status?.conflicts.find(one => one.path === path || one.copy === path);
  const needsSession = () => hub.isSetUp && hub.model.status?.state !== 'off';
  const describedBy = { args: { type: 'object' as const, properties: {} } };

  commands.addCommand(CommandIDs.open, {
    label: trans.__('Show Sync'),
    icon: syncIcon,
    describedBy,
    execute: show
  });
  commands.addCommand(CommandIDs.setUp, {
    label: trans.__('Set Up Sync'),
    caption: trans.__('Keep your files safe in a place of your own, and have them on every hub.'),
    icon: plusIcon,
    describedBy,
    isVisible: () => !hub.isSetUp,
    execute: () => {
      show();
      panel.reveal('setup');
    }
  });
  commands.addCommand(CommandIDs.sync, {
    label: trans.__('Sync Now'),
    icon: syncIcon,
    describedBy,
    isEnabled: () => needsSession() && !hub.model.status?.paused,
    execute: () => told(api.sync())
  });
  commands.addCommand(CommandIDs.pause, {
    label: () => (hub.model.status?.paused ? trans.__('Resume Sync') : trans.__('Pause Sync')),
    describedBy,
    isEnabled: needsSession,
    isToggled: () => hub.model.status?.paused ?? false,
    execute: () => told(hub.model.status?.paused ? api.resume() : api.pause())
  });
  commands.addCommand(CommandIDs.history, {
    label: trans.__('History'),
    caption: trans.__('Versions of this file, to compare and to bring back'),
    icon: historyIcon,
    describedBy,
    isEnabled: () => hub.isSetUp,
    execute: () => {
      show();
      panel.showHistory(chosen() ?? panel.openFile);
    }
  });
  commands.addCommand(CommandIDs.restore, {
    label: trans.__('Restore the Version Before'),
    caption: trans.__('The present one stays in the history'),
    describedBy,
    isEnabled: () => hub.isSetUp && chosen() !== null,
    execute: () => {
      const path = chosen();
      return path === null ? undefined : told(restoreBefore(hub, path));
    }
  });
  commands.addCommand(CommandIDs.ignore, {
    label: trans.__('Ignore'),
    caption: trans.__('Leave this file out of the sync'),
    describedBy,
    isVisible: () => !marks.isIgnored(selected() ?? ''),
    isEnabled: () => hub.isSetUp && chosen() !== null,
    execute: () => {
      const path = chosen();
      return path === null ? undefined : told(api.ignore(path).then(() => hub.connection.ask()));
    }
  });
  commands.addCommand(CommandIDs.resolve, {
    label: trans.__('Resolve the Conflict…'),
    icon: conflictIcon,
    describedBy,
    isVisible: () => conflictOf(chosen()) !== undefined,
    execute: () => {
      const conflict = conflictOf(chosen());
      return conflict === undefined ? undefined : told(comparing.conflict(conflict));
    }
  });
  hub.model.changed.connect(() => {
    for (const id of Object.values(CommandIDs)) {
      commands.notifyCommandChanged(id);
    }
  });
}

/** Brings back the newest version whose content is another one than the file's. */
async function restoreBefore(hub: Hubsync, path: WorkspacePath): Promise<void> {
  const [versions, now] = await Promise.all([hub.api.versions(path), hub.api.content(path)]);
  const before = versions.find(one => one.digest !== null && one.digest !== now.digest);
  if (before === undefined) {
    Notification.info(hub.trans.__('No earlier version of %1 is known.', path));
    return;
  }
  await hub.restore(path, before.version);
}

export function addToPalette(hub: Hubsync, palette: ICommandPalette): void {
  const category = hub.trans.__('Sync');
  for (const command of [
    CommandIDs.open,
    CommandIDs.setUp,
    CommandIDs.sync,
    CommandIDs.pause,
    CommandIDs.history
  ]) {
    palette.addItem({ command, category });
  }
}
