/**
 * Linux: an entry and an icon among those of the person, and `xdg-mime` for the defaults. What was the default before is kept in
 * Starling's home, and is it again when the entry goes.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode, makePrivateFolder, replaceFile } from '../../host/store/durable.ts';
import { desktopEntry, entryName, FILE_TYPE, LINK_TYPE, TYPES } from './desktop-entry.ts';
import { defaultOf, withDefault, withoutProgram } from './mime-apps.ts';
import { CannotRegister, type Registrar, type Registration } from './registrar.ts';

const ID = 'starling.desktop';
const KINDS: Readonly<Record<(typeof TYPES)[number], string>> = { [LINK_TYPE]: 'magnet links', [FILE_TYPE]: 'torrent files' };

interface Places {
  readonly entry: string;
  readonly icon: string;
  readonly list: string;
  /** What was the default before. */
  readonly kept: string;
  /** Where entries of others are, those of the person first. */
  readonly applications: readonly string[];
}

/** By type: what `mimeapps.list` named before; null where it named none. */
type Before = Readonly<Record<string, string | null>>;

export const linux: Registrar = {
  async register(registration) {
    const places = placesOf(registration);
    const { run, program } = registration;
    const before = new Map<string, string>();
    for (const type of TYPES) before.set(type, await defaultNow(registration, type));
    const list = readText(places.list) ?? '';
    const kept: Record<string, string | null> = { ...readBefore(places) };

    mkdirSync(dirname(places.entry), { recursive: true });
    writeFileSync(places.entry, desktopEntry(program));
    mkdirSync(dirname(places.icon), { recursive: true });
    copyFileSync(registration.icon, places.icon);
    await run('update-desktop-database', ['-q', dirname(places.entry)]);

    const lines: string[] = [];
    for (const type of TYPES) {
      const other = before.get(type) ?? '';
      const kind = KINDS[type];
      const isOurs = other === '' || other === ID;
      if (isOurs || (await registration.mayReplace(kind, nameOf(places, other)))) {
        // Seen again, what was before stays what it was.
        const replaced = defaultOf(list, type);
        if (replaced?.split(';')[0]?.trim() !== ID) {
          kept[type] = replaced;
          await keepBefore(registration, places, kept);
        }
        await setDefault(registration, type, ID);
        lines.push(`Starling opens ${kind}${isOurs ? '' : ` from now on, in the place of ${nameOf(places, other)}`}.`);
      } else {
        // An entry that came later could become it without being asked for.
        if ((await defaultNow(registration, type)) !== other) await setDefault(registration, type, other);
        lines.push(`${capital(kind)} are opened with ${nameOf(places, other)}, as before. Starling is there to be chosen.`);
      }
    }
    return lines;
  },

  async unregister(registration) {
    const places = placesOf(registration);
    const before = readBefore(places) ?? {};
    const isOurs = new Set<string>();
    for (const type of TYPES) if ((await defaultNow(registration, type)) === ID) isOurs.add(type);
    rmSync(places.entry, { force: true });
    rmSync(places.icon, { force: true });
    let list = readText(places.list);
    if (list !== null) {
      const found = list;
      for (const type of isOurs) list = withDefault(list, type, before[type] ?? null);
      list = withoutProgram(list, ID);
      if (list !== found) await replaceFile(places.list, list);
    }
    await registration.run('update-desktop-database', ['-q', dirname(places.entry)]);
    rmSync(places.kept, { force: true });
    const lines: string[] = [];
    for (const type of TYPES) {
      const now = await defaultNow(registration, type);
      lines.push(`${capital(KINDS[type])} are opened with ${now === '' ? 'no program' : nameOf(places, now)}.`);
    }
    return lines;
  },
};

function placesOf({ env, userHome, home }: Registration): Places {
  const data = env['XDG_DATA_HOME'] || join(userHome, '.local/share');
  const config = env['XDG_CONFIG_HOME'] || join(userHome, '.config');
  const shared = (env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(':');
  return {
    entry: join(data, 'applications', ID),
    icon: join(data, 'icons/hicolor/scalable/apps/starling.svg'),
    list: join(config, 'mimeapps.list'),
    kept: join(home, 'registered.json'),
    applications: [data, ...shared].map(folder => join(folder, 'applications')),
  };
}

/** The id of the entry; empty where nothing opens that. */
async function defaultNow({ run }: Registration, type: string): Promise<string> {
  const asked = await run('xdg-mime', ['query', 'default', type]);
  if (asked === null) throw new CannotRegister('xdg-mime is not there. Install the package xdg-utils, then try again.');
  return asked.out.split(';')[0] ?? '';
}

async function setDefault({ run, env, userHome }: Registration, type: string, id: string): Promise<void> {
  // xdg-mime writes there and does not make it.
  mkdirSync(env['XDG_CONFIG_HOME'] || join(userHome, '.config'), { recursive: true });
  const set = await run('xdg-mime', ['default', id, type]);
  if (set?.ok !== true) throw new CannotRegister(`xdg-mime could not set the default for ${type}. ${set?.err ?? ''}`.trim());
}

async function keepBefore({ home }: Registration, places: Places, before: Before): Promise<void> {
  makePrivateFolder(home);
  await replaceFile(places.kept, JSON.stringify(before));
}

function readBefore(places: Places): Before | null {
  const text = readText(places.kept);
  if (text === null) return null;
  try {
    const before: unknown = JSON.parse(text);
    if (typeof before !== 'object' || before === null) return null;
    return Object.fromEntries(Object.entries(before).filter(([, value]) => value === null || typeof value === 'string'));
  } catch {
    return null;
  }
}

function nameOf(places: Places, id: string): string {
  for (const folder of places.applications) {
    const entry = readText(join(folder, id));
    const name = entry === null ? null : entryName(entry);
    if (name !== null) return name;
  }
  return id.replace(/[.]desktop$/, '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
