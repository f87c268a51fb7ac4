/** The extension's plugins: what is wired to what. */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import {
  IDefaultFileBrowser,
  IDefaultFileBrowserRenderer,
  IFileBrowserFactory
} from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Api } from './api';
import { MarkingRenderer, MarkKeeper, Marks, redraw } from './browser';
import { CommandIDs } from './commandids';
import { addCommands, addToPalette } from './commands';
import { Comparing } from './comparing';
import { Connection } from './connection';
import { Hubsync } from './context';
import { OpenDocuments } from './documents';
import { SyncModel } from './model';
import { Notices } from './notices';
import { createPanel } from './panel';
import { PanelState } from './panel/state';
import { Preferences } from './preferences';
import { createStatusItem } from './statusitem';

const IHubsync = new Token<Hubsync>('@hubsync/lab:IHubsync', 'What is known of the sync.');
const IPreferences = new Token<Preferences>('@hubsync/lab:IPreferences', 'What the person set.');
const IMarks = new Token<Marks>('@hubsync/lab:IMarks', 'Marks for files.');

const preferences: JupyterFrontEndPlugin<Preferences> = {
  id: '@hubsync/lab:plugin',
  description: 'The settings.',
  autoStart: true,
  provides: IPreferences,
  optional: [ISettingRegistry],
  activate: (_, registry: ISettingRegistry | null) => {
    const made = new Preferences();
    registry?.load(preferences.id).then(
      settings => made.follow(settings),
      error => console.error('hubsync: the settings cannot be read', error)
    );
    return made;
  }
};

const core: JupyterFrontEndPlugin<Hubsync> = {
  id: '@hubsync/lab:core',
  description: 'Follows the state of the sync.',
  autoStart: true,
  provides: IHubsync,
  optional: [ITranslator],
  activate: (app, translator: ITranslator | null) => {
    const languages = translator ?? nullTranslator;
    const trans = languages.load('hubsync');
    const api = new Api(app.serviceManager.serverSettings, trans);
    const model = new SyncModel();
    const connection = new Connection(model, api, app.serviceManager);
    return new Hubsync(app, api, model, connection, languages, trans);
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: '@hubsync/lab:panel',
  description: 'The side panel, the commands and the notifications.',
  autoStart: true,
  requires: [IHubsync, IPreferences, IDocumentManager, IMarks],
  optional: [ILayoutRestorer, ICommandPalette, IFileBrowserFactory],
  activate: (
    app,
    hub: Hubsync,
    settings: Preferences,
    documents: IDocumentManager,
    known: Marks,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null
  ) => {
    const state = new PanelState();
    const comparing = new Comparing(hub);
    const widget = createPanel(hub, state, comparing);
    app.shell.add(widget, 'left', { rank: 400, type: 'Sync' });
    restorer?.add(widget, widget.id);
    const show = () => app.shell.activateById(widget.id);
    addCommands(hub, state, comparing, show, browsers, known);
    if (palette !== null) {
      addToPalette(hub, palette);
    }
    followOpenFile(app, hub, documents, state);
    const notices = new Notices(hub, () => {
      show();
      state.reveal(hub.model.status?.state === 'needs-login' ? 'account' : 'conflicts');
    });
    settings.use('notifications', on => notices.enable(on));
  }
};

const statusItem: JupyterFrontEndPlugin<void> = {
  id: '@hubsync/lab:status',
  description: 'The item in the status bar; in Notebook, which has none, at the top.',
  autoStart: true,
  requires: [IHubsync, IPreferences],
  optional: [IStatusBar],
  activate: (app, hub: Hubsync, settings: Preferences, bar: IStatusBar | null) => {
    const create = () => createStatusItem(hub, () => void app.commands.execute(CommandIDs.open));
    let shown: IDisposable | null = null;
    settings.use('statusBar', on => {
      shown?.dispose();
      if (!on) {
        shown = null;
      } else if (bar !== null) {
        shown = bar.registerStatusItem('@hubsync/lab:status', {
          item: create(),
          align: 'left',
          rank: 30
        });
      } else {
        const item = create();
        item.id = 'hubsync-status';
        app.shell.add(item, 'top', { rank: 900 });
        shown = item;
      }
    });
  }
};

const openDocuments: JupyterFrontEndPlugin<void> = {
  id: '@hubsync/lab:documents',
  description: 'Brings open documents up to date after a sync.',
  autoStart: true,
  requires: [IHubsync, IPreferences, IDocumentManager],
  activate: (app, hub: Hubsync, settings: Preferences, documents: IDocumentManager) => {
    const comparing = new Comparing(hub);
    const open = new OpenDocuments(hub, documents, app.docRegistry, (path, mine, theirs) =>
      comparing.typed(path, mine, theirs)
    );
    settings.use('reloadOpenFiles', on => {
      open.enabled = on;
    });
  }
};

const marks: JupyterFrontEndPlugin<Marks> = {
  id: '@hubsync/lab:marks',
  description: 'Marks in the file browser.',
  autoStart: true,
  provides: IMarks,
  activate: () => new Marks()
};

/** Lab asks for a renderer before it makes the file browser; older ones do not, and have no marks. */
const renderer: JupyterFrontEndPlugin<IDefaultFileBrowserRenderer> = {
  id: '@hubsync/lab:renderer',
  description: 'Draws the marks in the file browser.',
  autoStart: true,
  provides: IDefaultFileBrowserRenderer,
  requires: [IMarks],
  optional: [ITranslator],
  activate: (_, known: Marks, translator: ITranslator | null) =>
    new MarkingRenderer(known, (translator ?? nullTranslator).load('hubsync'))
};

const markKeeper: JupyterFrontEndPlugin<void> = {
  id: '@hubsync/lab:mark-keeper',
  description: 'Keeps the marks up to date.',
  autoStart: true,
  requires: [IHubsync, IPreferences, IMarks, IDefaultFileBrowser],
  activate: (
    _,
    hub: Hubsync,
    settings: Preferences,
    known: Marks,
    browser: IDefaultFileBrowser
  ) => {
    new MarkKeeper(hub, known, () => [browser]).watch(browser);
    settings.use('marks', on => {
      known.enabled = on;
      redraw(browser);
    });
  }
};

const launcher: JupyterFrontEndPlugin<void> = {
  id: '@hubsync/lab:launcher',
  description: 'A card in the launcher while nothing is set up.',
  autoStart: true,
  requires: [IHubsync, IPreferences, ILauncher],
  optional: [ILabShell],
  activate: (_, hub: Hubsync, settings: Preferences, cards: ILauncher) => {
    let card: IDisposable | null = null;
    let wanted = true;
    const look = () => {
      const offered = wanted && hub.model.status?.state === 'not-set-up';
      if (offered && card === null) {
        card = cards.add({ command: CommandIDs.setUp, category: hub.trans.__('Other'), rank: 10 });
      } else if (!offered && card !== null) {
        card.dispose();
        card = null;
      }
    };
    hub.model.changed.connect(look);
    settings.use('launcher', on => {
      wanted = on;
      look();
    });
  }
};

/** The panel shows the history of the file in front. */
function followOpenFile(
  app: JupyterFrontEnd,
  hub: Hubsync,
  documents: IDocumentManager,
  state: PanelState
): void {
  const look = () => {
    const current = app.shell.currentWidget;
    const context = current ? documents.contextForWidget(current) : undefined;
    if (context !== undefined) {
      state.setOpenFile(hub.workspacePath(context.path));
    }
  };
  app.shell.currentChanged?.connect(look);
  hub.model.changed.connect(look);
}

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  preferences,
  core,
  panel,
  statusItem,
  openDocuments,
  marks,
  markKeeper,
  launcher
];
if (IDefaultFileBrowserRenderer !== undefined) {
  plugins.push(renderer);
}

export default plugins;
