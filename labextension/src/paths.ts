/** How paths of the workspace and of Jupyter's contents lie to each other. */
import type { WorkspacePath } from './protocol';

export interface Prefixes {
  contents_prefix: string;
  workspace_prefix: string;
}

/** A contents path as a workspace path; null if it lies outside, or on another drive. */
export function toWorkspace(at: Prefixes, contentsPath: string): WorkspacePath | null {
  if (/^[^/]+:/.test(contentsPath) && !contentsPath.startsWith('RTC:')) {
    return null;
  }
  const inner = below(trimmed(contentsPath.replace(/^RTC:/, '')), at.contents_prefix);
  return inner === null ? null : joined(at.workspace_prefix, inner);
}

/** A workspace path as a contents path; null if the server's files do not hold it. */
export function toContents(at: Prefixes, path: WorkspacePath): string | null {
  const inner = below(trimmed(path), at.workspace_prefix);
  return inner === null ? null : joined(at.contents_prefix, inner);
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

function below(path: string, above: string): string | null {
  if (above === '' || path === above) {
    return above === '' ? path : '';
  }
  return path.startsWith(`${above}/`) ? path.slice(above.length + 1) : null;
}

function joined(prefix: string, path: string): string {
  return prefix && path ? `${prefix}/${path}` : prefix || path;
}
