import { YFile } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { Choice } from '../src/documents/bar';
import { Follower, type Surroundings } from '../src/documents/follower';
import { DocumentWords } from '../src/documents/words';
import { trans } from './english';

/** What the bar shows, without a page to show it in. */
let choices: Choice[] = [];
let says = '';

jest.mock('../src/documents/bar', () => ({
  BarPlace: class {
    show(text: string, shown: Choice[]): void {
      choices = shown;
      says = text;
    }
    clear(): void {
      choices = [];
      says = '';
    }
    insist(): void {}
  }
}));

const texts: YFile[] = [];
afterEach(() => texts.splice(0).forEach(one => one.dispose()));

/** Far more turns than looking at a file and saving it take. */
const settled = async () => {
  for (let turn = 0; turn < 100; turn++) {
    await Promise.resolve();
  }
};

const labels = () => choices.map(choice => choice.label);

async function press(label: string): Promise<void> {
  choices.find(choice => choice.label === label)!.run();
  await settled();
}

/** A text that is open, and its file; null if that is gone. */
class Opened {
  file: string | null;
  readonly failures: unknown[] = [];
  readonly context: DocumentRegistry.Context;
  private readonly follower: Follower;
  private readonly shared = new YFile();
  private readonly pathChanged = new Signal<object, string>(this);

  constructor(text: string) {
    texts.push(this.shared);
    this.file = text;
    this.types(text);
    const saveState = new Signal<object, DocumentRegistry.SaveState>(this);
    const context = {
      path: 'notes.md',
      localPath: 'notes.md',
      ready: Promise.resolve(),
      model: { sharedModel: this.shared, dirty: true, collaborative: false },
      contentsModel: this.model(),
      _updateContentsModel: (file: Contents.IModel) => (context.contentsModel = file),
      saveState,
      fileChanged: new Signal(this),
      pathChanged: this.pathChanged,
      disposed: new Signal(this),
      save: async () => {
        saveState.emit('started');
        this.file = this.shared.getSource();
        context.contentsModel = this.model();
        saveState.emit('completed');
      }
    };
    this.context = context as unknown as DocumentRegistry.Context;
    this.follower = new Follower(this.context, {
      contents: { get: async () => this.model() },
      words: new DocumentWords(trans),
      widgets: () => [],
      isFollowed: () => true,
      failed: (error: unknown) => this.failures.push(error)
    } as unknown as Surroundings);
  }

  types(text: string): void {
    this.shared.setSource(text);
  }

  private model(): Contents.IModel {
    if (this.file === null) {
      throw new ServerConnection.ResponseError({ status: 404 } as Response);
    }
    const content = this.file;
    const path = this.context?.path ?? 'notes.md';
    return { path, type: 'file', format: 'text', content, hash: content } as Contents.IModel;
  }

  /** In Lab, which tells of it once the document has the new name. */
  renamed(name: string): void {
    Object.assign(this.context, { path: name, localPath: name });
    this.pathChanged.emit(name);
  }

  /** A sync has done that. */
  async becomes(file: string | null): Promise<void> {
    this.file = file;
    this.follower.fileChanged();
    await settled();
  }
}

/** Somebody has typed in the line that another hub wrote, and that hub then deleted the file. */
async function deletedWhileUndecided(): Promise<Opened> {
  const opened = new Opened('first\n');
  await settled();
  opened.types('typed\n');
  await opened.becomes('theirs\n');
  expect(labels()).toEqual(['Compare', 'Keep mine', 'Take theirs', 'Keep both']);
  await expect(opened.context.save()).rejects.toThrow('Choose first');
  await opened.becomes(null);
  expect(labels()).toEqual(['Save it again', 'Dismiss']);
  return opened;
}

test('a document in conflict whose file was deleted is saved again', async () => {
  const opened = await deletedWhileUndecided();
  await press('Save it again');
  expect(opened.failures).toEqual([]);
  expect(opened.file).toBe('typed\n');
  expect(labels()).toEqual([]);
});

test('an ordinary save does the same, whether the bar was dismissed or not', async () => {
  for (const dismissed of [true, false]) {
    const opened = await deletedWhileUndecided();
    if (dismissed) {
      await press('Dismiss');
    }
    await opened.context.save();
    expect(opened.file).toBe('typed\n');
    expect(labels()).toEqual([]);
  }
});

test('what comes back in the place of a deleted file is asked about again', async () => {
  const opened = await deletedWhileUndecided();
  await opened.becomes('theirs again\n');
  expect(labels()).toContain('Keep mine');
  await expect(opened.context.save()).rejects.toThrow('Choose first');
  expect(opened.file).toBe('theirs again\n');
  await press('Keep mine');
  expect(opened.file).toBe('typed\n');
});

test('a file that is renamed while its document asks is named as it is called now', async () => {
  const opened = new Opened('first\n');
  await settled();
  opened.types('typed\n');
  opened.renamed('early.md');
  expect(says).toBe('');
  await opened.becomes('theirs\n');
  expect(says).toContain('early.md');
  opened.renamed('late.md');
  expect(says).toContain('late.md');
  await press('Keep mine');
  expect(says).toBe('');
  expect(opened.file).toBe('typed\n');
  opened.renamed('later.md');
  expect(says).toBe('');
});
