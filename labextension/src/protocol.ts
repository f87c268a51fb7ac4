/** The documents of the server extension, as its OpenAPI page describes them. */

/** An ISO 8601 time in UTC. */
export type Time = string;

/** A path relative to the workspace's root, with `/` between its parts. */
export type WorkspacePath = string;

export interface Fault {
  code: string;
  message: string;
  hint: string;
}

export type State =
  | 'idle'
  | 'pending'
  | 'syncing'
  | 'synced'
  | 'offline'
  | 'needs-login'
  | 'conflicts'
  | 'stopped-for-safety'
  | 'paused'
  | 'failed'
  | 'not-set-up'
  | 'starting'
  | 'restoring'
  | 'off';

export interface Progress {
  phase: string;
  files: number;
  files_done: number;
  bytes: number;
  bytes_done: number;
}

export interface Conflict {
  path: WorkspacePath;
  copy: WorkspacePath;
}

export interface Problem extends Fault {
  path: WorkspacePath;
}

export interface WorkspaceInfo {
  root: string;
  contents_prefix: string;
  workspace_prefix: string;
  remotes: RemoteSummary[];
}

export interface RemoteSummary {
  name: string;
  url: string;
  mode: 'branch' | 'shadow' | null;
  last_sync: Time | null;
}

export interface Last {
  ended: Time;
  up: number;
  down: number;
  merged: number;
  deleted_locally: number;
  deleted_remotely: number;
  kept: number;
  unsynced: number;
  bytes: number;
  seconds: number;
  nothing_done: boolean;
}

export interface Outcome extends Last {
  sent: WorkspacePath[];
  changed_here: WorkspacePath[];
  new_conflicts: Conflict[];
}

export interface Account {
  host: string;
  user: string;
  source: string;
  expires: Time | null;
}

export interface Device {
  host: string;
  code: string;
  link: string;
  interval: number;
  expires: Time;
  state: 'waiting' | 'done' | 'failed';
  account: Account | null;
  error: Fault | null;
}

export interface Task<Result = unknown> {
  id: string;
  kind: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  began: Time;
  ended: Time | null;
  progress: Progress | null;
  result: Result | null;
  error: Fault | null;
}

export interface Status {
  state: State;
  workspace: WorkspaceInfo | null;
  paused: boolean;
  pending: number;
  progress: Progress | null;
  last_sync: Time | null;
  last: Last | null;
  trouble: (Fault & { kind: string }) | null;
  retry_at: Time | null;
  conflict_count: number;
  conflicts: Conflict[];
  problem_count: number;
  problems: Problem[];
  watching: { how: string; why: string };
  tasks: Task[];
  login: { host: string; available: boolean; app_page: string; waiting: Device | null };
  operator: {
    default_remote: string | null;
    default_remote_error: Fault | null;
    allowed_remotes: string[];
    /** Whether any remote of this kind can be chosen. */
    permits: { github: boolean; folder: boolean; embedded: boolean };
    mode: 'branch' | 'shadow' | null;
    auto_start: boolean;
    restore_on_start: boolean;
  };
  server: { version: string; api: number };
}

export type EventPayload =
  | { action: 'status'; status: Status }
  | { action: 'synced'; status: Status; outcome: Outcome }
  | { action: 'task'; task: Task };

export interface LogEntry {
  version: string;
  time: Time;
  hub: string;
  author: string;
  message: string;
  changes: { path: WorkspacePath; change: string }[];
}

export interface Version {
  version: string;
  time: Time;
  hub: string;
  author: string;
  digest: string | null;
  size: number | null;
  place: 'remote' | 'trash';
}

export interface Content {
  path: WorkspacePath;
  version: string;
  kind: 'text' | 'notebook' | 'binary' | 'too-large' | 'absent' | 'directory' | 'link';
  size: number;
  digest: string | null;
  modified: Time | null;
  text: string | null;
  notebook: unknown;
}

export type Mark = 'pending' | 'conflict' | 'problem' | 'ignored';

export interface Remote {
  name: string;
  url: string;
  last_sync: Time | null;
}

export interface SetupWish {
  url?: string;
  embedded?: true;
  mode?: 'branch' | 'shadow';
  options?: Record<string, string>;
}

/** What a set-up would do. */
export interface Survey {
  url: string;
  root: string;
  remote: { kind: 'git' | 'mirror'; found: boolean };
  up: { files: number; bytes: number; largest: { path: WorkspacePath; size: number }[] };
  ignored: { path: WorkspacePath; source: string; line: number; pattern: string }[];
  ignored_count: number;
  withheld: WorkspacePath[];
  /** What a Git remote is not sent, apart from what goes up. */
  held: { files: number; bytes: number; problems: Problem[]; unsearched: number };
  problems: Problem[];
  repositories: WorkspacePath[];
}

export interface Repository {
  full_name: string;
  url: string;
  private: boolean;
  can_push: boolean;
  description: string;
}

export type Keep = 'mine' | 'theirs' | 'both';
