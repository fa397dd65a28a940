/** What a Linux desktop is told of a program that opens things: the Desktop Entry Specification 1.0, freedesktop.org. */

/** The media types of what Starling opens. */
export const LINK_TYPE = 'x-scheme-handler/magnet';
export const FILE_TYPE = 'application/x-bittorrent';
export const TYPES = [LINK_TYPE, FILE_TYPE] as const;

/** `program` and its arguments; what is opened is added behind them. */
export function desktopEntry(program: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.0',
    'Name=Starling',
    'GenericName=BitTorrent client',
    'Comment=Download and share files over BitTorrent',
    `Exec=${program.map(quote).join(' ')} %U`,
    'Icon=starling',
    'Terminal=false',
    'StartupNotify=false',
    'Categories=Network;FileTransfer;P2P;',
    'Keywords=torrent;magnet;download;',
    `MimeType=${TYPES.join(';')};`,
    '',
  ].join('\n');
}

/** What a desktop starts with its session: the Desktop Application Autostart Specification 0.5, freedesktop.org. */
export function autostartEntry(program: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.0',
    'Name=Starling',
    'Comment=Go on with downloads, and take links, without a window',
    `Exec=${program.map(quote).join(' ')}`,
    'Icon=starling',
    'Terminal=false',
    'StartupNotify=false',
    '',
  ].join('\n');
}

/** Whether a desktop heeds an entry: a person can switch one off in its settings, which leaves it there. */
export function isSwitchedOff(entry: string): boolean {
  return /^(?:Hidden *= *true|X-GNOME-Autostart-enabled *= *false) *$/m.test(entry);
}

/**
 * One argument of Exec: in quotes where it has to be, as the xdg-open of bare desktops knows none, with a backslash before what
 * a shell would read there, and that once more as any string is.
 */
function quote(argument: string): string {
  if (/^[\w./:@+,=-]+$/.test(argument)) return argument;
  const escaped = argument.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%');
  return `"${escaped.replaceAll('\\', '\\\\')}"`;
}

/** The value of the `Name` of an entry; null where it has none. */
export function entryName(entry: string): string | null {
  const main = entry.split(/^\[/m).find(group => group.startsWith('Desktop Entry]')) ?? '';
  return /^Name=(.+)$/m.exec(main)?.[1]?.trim() ?? null;
}
