/**
 * Windows: ProgIDs and capabilities of the person's own part of the registry, by reg.exe. Which program is the default is for the
 * person to say, in the settings of the system: no program may set it. Not run on a Windows yet.
 */
import { CannotRegister, type Registrar, type Registration } from './registrar.ts';

const CLASSES = 'HKCU\\Software\\Classes';
const CAPABILITIES = 'Software\\Starling\\Capabilities';
const PROG_IDS = { link: 'Starling.Magnet', file: 'Starling.Torrent' } as const;

interface Value {
  readonly key: string;
  /** Empty for the key's own. */
  readonly name: string;
  readonly data: string;
}

/** What stands in the registry for this program. */
export function registryValues(program: readonly string[]): readonly Value[] {
  const open = `${commandLine(program)} "%1"`;
  const value = (key: string, name: string, data: string): Value => ({ key, name, data });
  const { link, file } = PROG_IDS;
  return [
    value(`${CLASSES}\\${link}`, '', 'URL:Magnet link'),
    value(`${CLASSES}\\${link}`, 'URL Protocol', ''),
    value(`${CLASSES}\\${link}\\shell\\open\\command`, '', open),
    value(`${CLASSES}\\${file}`, '', 'Torrent file'),
    value(`${CLASSES}\\${file}\\shell\\open\\command`, '', open),
    value(`${CLASSES}\\.torrent\\OpenWithProgids`, file, ''),
    value(`HKCU\\${CAPABILITIES}`, 'ApplicationName', 'Starling'),
    value(`HKCU\\${CAPABILITIES}`, 'ApplicationDescription', 'Download and share files over BitTorrent'),
    value(`HKCU\\${CAPABILITIES}\\URLAssociations`, 'magnet', link),
    value(`HKCU\\${CAPABILITIES}\\FileAssociations`, '.torrent', file),
    value('HKCU\\Software\\RegisteredApplications', 'Starling', CAPABILITIES),
  ];
}

/** The arguments of reg.exe, run by run. */
export function registering(program: readonly string[]): readonly (readonly string[])[] {
  return registryValues(program).map(({ key, name, data }) => [
    'add',
    key,
    ...(name === '' ? ['/ve'] : ['/v', name]),
    '/t',
    'REG_SZ',
    '/d',
    data,
    '/f',
  ]);
}

export function unregistering(): readonly (readonly string[])[] {
  return [
    ['delete', 'HKCU\\Software\\RegisteredApplications', '/v', 'Starling', '/f'],
    ['delete', 'HKCU\\Software\\Starling', '/f'],
    ['delete', `${CLASSES}\\.torrent\\OpenWithProgids`, '/v', PROG_IDS.file, '/f'],
    ['delete', `${CLASSES}\\${PROG_IDS.link}`, '/f'],
    ['delete', `${CLASSES}\\${PROG_IDS.file}`, '/f'],
  ];
}

/** As a program reads its arguments from one line there: in quotes, with the backslashes before a quote doubled. */
export function commandLine(program: readonly string[]): string {
  return program
    .map(each => `"${each.replace(/(\\*)("|$)/g, (_, slashes: string, end: string) => slashes + slashes + (end && '\\"'))}"`)
    .join(' ');
}

export const windows: Registrar = {
  async register({ run, program }: Registration) {
    for (const args of registering(program)) {
      if ((await run('reg.exe', args))?.ok !== true) throw new CannotRegister('The registry could not be written to.');
    }
    return [
      'Starling is there to be chosen for magnet links and torrent files.',
      'Choose it under Settings, Apps, Default apps: Windows leaves that to you alone.',
    ];
  },
  async unregister({ run }: Registration) {
    // What is not there cannot be deleted, which is as well.
    for (const args of unregistering()) await run('reg.exe', args);
    return ['Starling opens magnet links and torrent files no more.'];
  },
};
