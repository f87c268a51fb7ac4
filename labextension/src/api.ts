/** The server extension's routes as functions. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';
import type {
  Account,
  Conflict,
  Content,
  Device,
  Fault,
  Keep,
  LogEntry,
  Mark,
  Outcome,
  Problem,
  Remote,
  Repository,
  SetupWish,
  Status,
  Survey,
  Task,
  Version,
  WorkspacePath
} from './protocol';

/** What the server refused or could not do, in a person's words. */
export class HubsyncError extends Error {
  constructor(
    readonly fault: Fault,
    readonly status: number
  ) {
    super(fault.message);
    this.name = 'HubsyncError';
  }

  /** Of anything that was thrown. */
  static of(error: unknown): Fault {
    if (error instanceof HubsyncError) {
      return error.fault;
    }
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'no-connection', message, hint: '' };
  }
}

type Query = Record<string, string | number | undefined>;
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const ASK_AGAIN = 700; // milliseconds

/** With these a proxy, or a hub, answers in the place of a server that is gone. */
const NO_SERVER = [424, 502, 503, 504];

/** Follows a task to its end; may be told of each step. */
export type Watcher = (task: Task) => void;

export class Api {
  private readonly _unanswered = new Signal<this, void>(this);

  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly trans: TranslationBundle
  ) {}

  /** The server did not answer a request. */
  get unanswered(): ISignal<this, void> {
    return this._unanswered;
  }

  status = (): Promise<Status> => this.get('status');
  last = async (): Promise<Outcome | null> =>
    (await this.get<{ outcome: Outcome | null }>('last')).outcome;

  sync = (): Promise<{ status: Status }> => this.post('sync');
  confirmDeletes = (): Promise<unknown> => this.task('sync', { confirm_deletes: true });
  pause = (): Promise<{ status: Status }> => this.post('pause');
  resume = (): Promise<{ status: Status }> => this.post('resume');
  start = (): Promise<{ status: Status }> => this.post('start');

  log = async (limit: number): Promise<LogEntry[]> =>
    (await this.get<{ log: LogEntry[] }>('log', { limit })).log;
  versions = async (path: WorkspacePath): Promise<Version[]> =>
    (await this.get<{ versions: Version[] }>('versions', { path })).versions;
  /** What is on the disk now. */
  content = async (path: WorkspacePath): Promise<Content> =>
    (await this.get<{ content: Content }>('content', { path })).content;
  compare = (
    path: WorkspacePath,
    from: string,
    to = 'current'
  ): Promise<{ from: Content; to: Content }> => this.get('compare', { path, from, to });
  restore = (path: WorkspacePath, at?: string): Promise<unknown> =>
    this.task('restore', { path, at });

  conflicts = (): Promise<{ conflicts: Conflict[]; diverged: Problem[] }> => this.get('conflicts');
  conflict = (one: Conflict): Promise<{ mine: Content; theirs: Content }> =>
    this.get('conflict', { path: one.path, copy: one.copy });
  resolve = (path: WorkspacePath, keep: Keep): Promise<{ changed: WorkspacePath[] }> =>
    this.post('resolve', { path, keep });

  ignore = (path: WorkspacePath): Promise<{ pattern: string; added: boolean }> =>
    this.post('ignore', { path });
  allow = (path: WorkspacePath): Promise<unknown> => this.post('allow', { path });
  marks = async (path: WorkspacePath): Promise<Record<string, Mark[]>> =>
    (await this.get<{ marks: Record<string, Mark[]> }>('marks', { path })).marks;

  remotes = (): Promise<{ remotes: Remote[]; waiting: Remote[] }> => this.get('remotes');
  answerRemote = (name: string, answer: 'accept' | 'decline'): Promise<unknown> =>
    this.post(`remotes/${encodeURIComponent(name)}/${answer}`);

  /** The page on which what is in the fork is proposed. */
  fork = async (): Promise<string> =>
    (await this.task<{ fork: { pull_request: string } }>('fork', {})).fork.pull_request;

  trySetup = (wish: SetupWish, watch?: Watcher): Promise<Survey> =>
    this.task('setup/try', wish, watch);
  setup = (wish: SetupWish, watch?: Watcher): Promise<{ remarks: string[] }> =>
    this.task('setup', wish, watch);

  accounts = (): Promise<{ accounts: Account[]; waiting: Device | null; error: Fault | null }> =>
    this.get('login');
  beginLogin = async (): Promise<Device> => (await this.post<{ device: Device }>('login')).device;
  device = async (): Promise<Device | null> =>
    (await this.get<{ device: Device | null }>('login/device')).device;
  giveUpLogin = (): Promise<unknown> => this.request('DELETE', 'login/device');
  loginWith = (token: string): Promise<{ account: Account }> => this.post('login/token', { token });
  logout = (): Promise<unknown> => this.post('logout');
  repositories = (page: number): Promise<{ repositories: Repository[]; next: number | null }> =>
    this.get('github/repositories', { page });
  createRepository = async (name: string, isPrivate: boolean): Promise<Repository> =>
    (
      await this.post<{ repository: Repository }>('github/repositories', {
        name,
        private: isPrivate
      })
    ).repository;

  /** Start what may take long, and wait for its end. */
  async task<Result>(route: string, body: object, watch?: Watcher): Promise<Result> {
    let { task } = await this.post<{ task: Task<Result> }>(route, body);
    while (task.state === 'running') {
      watch?.(task);
      await new Promise(resolve => setTimeout(resolve, ASK_AGAIN));
      ({ task } = await this.get<{ task: Task<Result> }>(`tasks/${task.id}`));
    }
    if (task.state !== 'done') {
      throw new HubsyncError(
        task.error ?? { code: 'interrupted', message: this.trans.__('It was stopped.'), hint: '' },
        409
      );
    }
    return task.result as Result;
  }

  private get<Result>(route: string, query: Query = {}): Promise<Result> {
    const given = Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    return this.request('GET', given.length ? `${route}?${given.join('&')}` : route);
  }

  private post<Result>(route: string, body: object = {}): Promise<Result> {
    return this.request('POST', route, body);
  }

  private async request<Result>(method: Method, route: string, body?: object): Promise<Result> {
    const url = URLExt.join(this.settings.baseUrl, 'hubsync') + '/' + route;
    const response = await ServerConnection.makeRequest(
      url,
      { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
      this.settings
    ).catch((error: unknown) => {
      this._unanswered.emit();
      throw error;
    });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok || answer === null) {
      if (NO_SERVER.includes(response.status) && !isFault(answer)) {
        this._unanswered.emit();
      }
      throw new HubsyncError(faultOf(answer, response), response.status);
    }
    return answer as Result;
  }
}

/** What the server extension itself answers with; some of its faults have the same statuses. */
function isFault(answer: unknown): boolean {
  return typeof (answer as Partial<Fault> | null)?.code === 'string';
}

function faultOf(answer: unknown, response: Response): Fault {
  const given = (answer ?? {}) as Partial<Fault>;
  return {
    code: given.code ?? (response.status === 404 ? 'no-extension' : 'internal'),
    message: given.message || `${response.status} ${response.statusText}`,
    hint: given.hint ?? ''
  };
}
