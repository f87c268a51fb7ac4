/** What a person chose in the wizard as the server takes it. */
import type { SetupWish, Status } from '../protocol';

export const KINDS = ['default', 'github', 'folder', 'address', 'embedded'] as const;
export type Kind = (typeof KINDS)[number];

/** What there is to choose from where an operator offers or permits some of it alone. */
export function kindsFor(operator: Status['operator']): Kind[] {
  const offered = { default: operator.default_remote !== null, address: true, ...operator.permits };
  return KINDS.filter(kind => offered[kind]);
}

/** Null while something is missing. Options: one `name=value` a line. */
export function wishOf(kind: Kind, text: string, options: string): SetupWish | null {
  const given = text.trim();
  switch (kind) {
    case 'default':
      return {};
    case 'embedded':
      return { embedded: true };
    case 'folder':
      return given === '' ? null : { url: folderUrl(given) };
    case 'github':
      return given === '' ? null : { url: given };
    case 'address':
      return given === '' ? null : { url: given, ...optionsOf(options) };
  }
}

/** An absolute path becomes a `file:` URL; what is one, or no absolute path, is left to the server. */
function folderUrl(folder: string): string {
  return folder.startsWith('/')
    ? 'file://' + folder.split('/').map(encodeURIComponent).join('/')
    : folder;
}

function optionsOf(lines: string): { options?: Record<string, string> } {
  const options: Record<string, string> = {};
  for (const line of lines.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) {
      options[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
  }
  return Object.keys(options).length > 0 ? { options } : {};
}
