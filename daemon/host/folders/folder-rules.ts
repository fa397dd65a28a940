/** Which folders are no place for downloads, whatever their disk can do: what a torrent names its files would be believed by others there. */
import { homedir } from 'node:os';
import { dirname, relative, isAbsolute, sep } from 'node:path';

/** Of the system, with all that is in them. */
const SYSTEM: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: [
    '/bin',
    '/boot',
    '/dev',
    '/etc',
    '/lib',
    '/lib32',
    '/lib64',
    '/libx32',
    '/proc',
    '/sbin',
    '/sys',
    '/usr',
    '/var/log',
    '/var/run',
  ],
  darwin: ['/Applications', '/Library', '/System', '/bin', '/cores', '/dev', '/private/etc', '/sbin', '/usr'],
  win32: ['SystemRoot', 'ProgramFiles', 'ProgramFiles(x86)', 'ProgramData'].flatMap(name => process.env[name] ?? []),
};
/** Of the system as well, but with places of people below them. */
const SHARED: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/run', '/run/user', '/media', '/run/media', '/mnt', '/var', '/tmp'],
  darwin: ['/Volumes', '/private', '/private/tmp', '/private/var'],
};

/** Whether `path` is `folder`, or lies in it; both are absolute. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`));
}

/** Why downloads may not go to this real path, in words; empty where they may. `home`: the host's own folder; `roots`: those there are. */
export function refusal(path: string, home: string, roots: readonly { readonly path: string; readonly name: string }[]): string {
  if (isWithin(path, home)) return 'Starling keeps its own state in this folder. Choose another one.';
  if ((SYSTEM[process.platform] ?? []).some(folder => isWithin(path, folder))) {
    return 'This folder belongs to the system. Choose one of your own.';
  }
  if (dirname(path) === path || (SHARED[process.platform] ?? []).includes(path)) {
    return 'Programs and the system keep their files in this folder. Choose or make a folder in it.';
  }
  if ([homedir(), home].some(other => isWithin(other, path))) {
    return 'The settings of your programs lie in this folder, and a download could replace them. Choose or make a folder in it.';
  }
  for (const root of roots) {
    if (root.path === path) return `Downloads can go to this folder already; it is “${root.name}”.`;
    if (isWithin(path, root.path))
      return `This folder lies in “${root.name}”, which downloads go to already. Choose one beside it.`;
    if (isWithin(root.path, path)) {
      return `“${root.name}”, which downloads go to already, lies in this folder. Remove that one first, or choose another.`;
    }
  }
  return '';
}
