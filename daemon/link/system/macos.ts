/**
 * macOS: an application of the person's own that takes links and documents from the system, which come as events and not as
 * arguments, and passes them on to the link-handler. Not run on a Mac yet.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotRegister, type Registrar, type Registration } from './registrar.ts';

const BUNDLE_ID = 'org.starling.link';
const LSREGISTER = '/System/Library/Frameworks/CoreServices.framework/Frameworks/LaunchServices.framework/Support/lsregister';

export function appPath(userHome: string): string {
  return join(userHome, 'Applications/Starling.app');
}

/** AppleScript: NSTask starts the program with arguments as they are, and no shell reads them. */
export function appScript([program = '', ...args]: readonly string[]): string {
  const list = args.map(literal).join(', ');
  return [
    'use framework "Foundation"',
    'use scripting additions',
    'on pass(given)',
    `  current application's NSTask's launchedTaskWithLaunchPath:${literal(program)} arguments:({${list}} & given)`,
    'end pass',
    'on run',
    '  my pass({})',
    'end run',
    'on open location link',
    '  my pass({link})',
    'end open location',
    'on open files',
    '  set given to {}',
    '  repeat with each in files',
    '    set end of given to POSIX path of each',
    '  end repeat',
    '  my pass(given)',
    'end open',
  ].join('\n');
}

/** What its Info.plist has beside what osacompile puts there: arguments of plutil. */
export function infoPlist(): readonly (readonly [key: string, type: string, value: string])[] {
  const torrent = {
    UTTypeIdentifier: 'org.bittorrent.torrent',
    UTTypeDescription: 'Torrent file',
    UTTypeConformsTo: ['public.data'],
    UTTypeTagSpecification: { 'public.filename-extension': ['torrent'], 'public.mime-type': ['application/x-bittorrent'] },
  };
  const document = {
    CFBundleTypeName: 'Torrent file',
    CFBundleTypeRole: 'Viewer',
    LSHandlerRank: 'Alternate',
    LSItemContentTypes: [torrent.UTTypeIdentifier],
  };
  const link = { CFBundleURLName: 'Magnet link', CFBundleTypeRole: 'Viewer', CFBundleURLSchemes: ['magnet'] };
  return [
    ['CFBundleIdentifier', '-string', BUNDLE_ID],
    ['CFBundleURLTypes', '-json', JSON.stringify([link])],
    ['CFBundleDocumentTypes', '-json', JSON.stringify([document])],
    ['UTImportedTypeDeclarations', '-json', JSON.stringify([torrent])],
    // It has no windows of its own.
    ['LSUIElement', '-bool', 'YES'],
  ];
}

/** The programs that make the application, and their arguments, in their order. */
export function making(app: string, program: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const plist = join(app, 'Contents/Info.plist');
  return [
    ['osacompile', ['-o', app, '-e', appScript(program)]],
    ...infoPlist().map(([key, type, value]) => ['plutil', ['-replace', key, type, value, plist]] as const),
    // Its signature has to fit what it is now.
    ['codesign', ['--force', '--sign', '-', app]],
    [LSREGISTER, ['-f', app]],
  ];
}

function literal(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export const macos: Registrar = {
  async register({ userHome, program, run }: Registration) {
    const app = appPath(userHome);
    mkdirSync(dirname(app), { recursive: true });
    for (const [tool, args] of making(app, program)) {
      const ran = await run(tool, args);
      if (ran?.ok !== true) throw new CannotRegister(`${tool} did not do what it should. ${ran?.err ?? 'It is not there.'}`);
    }
    return [
      `Starling is there to be chosen for magnet links and torrent files: ${app}.`,
      'For torrent files choose it under Get Info, Open with. The first time a browser opens a magnet link it asks with what.',
    ];
  },
  async unregister({ userHome, run }: Registration) {
    const app = appPath(userHome);
    if (existsSync(app)) await run(LSREGISTER, ['-u', app]);
    rmSync(app, { recursive: true, force: true });
    return ['Starling opens magnet links and torrent files no more.'];
  },
};
