import { EventManager, ServerConnection, type ServiceManager } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { Api } from '../src/api';
import { Connection } from '../src/connection';
import { SyncModel } from '../src/model';
import { trans } from './english';

/** The event socket, as far as Lab and hubsync use it. */
class Socket extends EventTarget {
  static last: Socket;
  readyState = 0;
  onclose: () => void = () => undefined;

  constructor(readonly url: string) {
    super();
    Socket.last = this;
  }

  opens(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  closes(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
    this.onclose();
  }

  close(): void {}
}

/** Null: no JSON. A real one takes its time, of which the clock of a test knows nothing. */
function answer(status: number, document: unknown): Response {
  return { ok: status < 400, status, statusText: '', json: async () => document } as Response;
}

let site: Site;

const settings = ServerConnection.makeSettings({
  baseUrl: 'http://127.0.0.1:1/',
  fetch: request => Promise.resolve().then(() => site.answer((request as Request).url)),
  WebSocket: Socket as unknown as typeof WebSocket
});

/** A server, and a page that follows it, with Lab's own manager of events. */
class Site {
  answers: 'yes' | 'no' | 'proxy' | 'busy' | 'absent' = 'yes';
  asked = 0;
  readonly model = new SyncModel();
  readonly api: Api;
  private readonly connectionFailure = new Signal<object, Error>(this);
  private readonly connection: Connection;
  private readonly events: EventManager;

  constructor() {
    this.api = new Api(settings, trans);
    this.events = new EventManager({ serverSettings: settings });
    const { events, connectionFailure } = this;
    const services = { events, connectionFailure } as unknown as ServiceManager.IManager;
    this.connection = new Connection(this.model, this.api, services);
  }

  answer(url: string): Response {
    const isStatus = url.includes('/hubsync/status');
    this.asked += isStatus ? 1 : 0;
    switch (this.answers) {
      case 'yes':
        return answer(200, isStatus ? { state: 'synced', pending: 0 } : { outcome: null });
      case 'busy':
        return answer(504, { code: 'slow', message: 'It takes long.', hint: '' });
      case 'proxy':
        return answer(503, null);
      case 'absent':
        return answer(404, null);
      case 'no':
        throw new TypeError('Failed to fetch');
    }
  }

  /** How often the status was asked for meanwhile. */
  async after(milliseconds: number): Promise<number> {
    const before = this.asked;
    await jest.advanceTimersByTimeAsync(milliseconds);
    return this.asked - before;
  }

  fails(): void {
    this.connectionFailure.emit(new Error('no server'));
  }

  dispose(): void {
    this.connection.dispose();
    this.events.dispose();
  }
}

/** The page was loaded, and its event socket is open. */
async function load(): Promise<void> {
  site = new Site();
  await site.after(10);
  Socket.last.opens();
  expect(await site.after(10)).toBe(0);
  expect(site.model.status?.state).toBe('synced');
}

beforeAll(() => {
  const document = {
    hidden: false,
    cookie: '',
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    createElement: () => new URL('http://127.0.0.1:1/') // a link, by which Lab reads addresses
  };
  Object.assign(globalThis, { document });
});
beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  site.dispose();
  jest.useRealTimers();
});

test('a server that is gone is noticed when the event socket closes, and when it is back', async () => {
  await load();
  site.answers = 'no';
  Socket.last.closes();
  await site.after(10);
  expect(site.model.reachable).toBe(false);
  await site.after(20_000);
  site.answers = 'yes';
  Socket.last.opens();
  await site.after(10);
  expect(site.model.reachable).toBe(true);
});

test('an event socket that closes alone has the status asked for, and no more', async () => {
  await load();
  const told: boolean[] = [];
  site.model.changed.connect(({ reachable }) => told.push(reachable));
  Socket.last.closes();
  expect(await site.after(500)).toBe(1);
  await site.after(1500);
  Socket.last.opens();
  expect(await site.after(10)).toBe(1);
  expect(await site.after(59_000)).toBe(0);
  expect(told).toEqual([]);
});

test('a server that ends slowly is noticed when the event socket is refused', async () => {
  await load();
  Socket.last.closes();
  await site.after(2000);
  expect(site.model.reachable).toBe(true);
  site.answers = 'no';
  Socket.last.closes();
  await site.after(10);
  expect(site.model.reachable).toBe(false);
});

test.each<['no' | 'proxy']>([['no'], ['proxy']])(
  'a request without an answer of the server tells that it is gone: %s',
  async answers => {
    await load();
    site.answers = answers;
    await expect(site.api.sync()).rejects.toThrow();
    expect(site.model.reachable).toBe(false);
    site.answers = 'yes';
    expect(await site.after(3_100)).toBe(1);
    expect(site.model.reachable).toBe(true);
  }
);

test('what the server refuses is an answer', async () => {
  await load();
  site.answers = 'busy';
  await expect(site.api.sync()).rejects.toThrow('It takes long.');
  expect(site.model.reachable).toBe(true);
});

test('that Lab itself has lost the server is heeded, once', async () => {
  await load();
  site.answers = 'no';
  site.fails();
  expect(site.model.reachable).toBe(false);
  for (let turn = 0; turn < 9; turn++) {
    await site.after(1000);
    site.fails();
  }
  expect(site.asked).toBe(1 + 3);
});

test('while all is well the status is asked for once a minute', async () => {
  await load();
  expect(await site.after(10 * 60_000)).toBe(10);
});

test('an event socket that never opens has nothing asked for', async () => {
  site = new Site();
  await site.after(10);
  for (let turn = 0; turn < 5; turn++) {
    Socket.last.closes();
    expect(await site.after(5000)).toBe(0);
  }
});

test('a server without the extension is left alone', async () => {
  site = new Site();
  site.answers = 'absent';
  await site.after(10);
  Socket.last.opens();
  Socket.last.closes();
  site.fails();
  expect(await site.after(100_000)).toBe(0);
  expect(site.model.reachable).toBe(true);
});
