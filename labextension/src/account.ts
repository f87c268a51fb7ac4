/** Whether signing in at GitHub is what lets a sync go on. */
import type { Status } from './protocol';

/** Whether a remote is a repository at the GitHub at which one can sign in from here. */
export function isAtGitHub(status: Status | null): boolean {
  const host = status?.login.host;
  return Boolean(status?.workspace?.remotes.some(one => hostOf(one.url) === host));
}

/** Of an address that is asked over HTTP; a key, not a login, opens those for SSH. */
function hostOf(url: string): string | undefined {
  return /^(?:git\+)?https?:\/\/(?:[^@/]*@)?([^/]+)/.exec(url)?.[1];
}
