import { describe, expect, it } from 'vitest';
import { sendCommandsTo } from '../../web/actions.ts';
import { idsOf, makeBackup, MAX_BACKUP, MAX_BACKUP_TORRENTS, readBackup, readBackupFile } from '../../web/backup.ts';
import { fromBase64 } from '../../web/base64.ts';
import { CommandError } from '../../web/client.ts';
import { DEFAULT_SETTINGS } from '../../web/defaults.ts';
import { store } from '../../web/store.ts';
import { CONNECTED, nineTorrents, ROOTS } from '../fakes/mock-torrents.ts';

const ID = 'ab12'.repeat(10);
const OPTIONS = {
  labels: ['films'],
  forceStart: false,
  stopRatio: null,
  stopSeedingTime: null,
  sequential: false,
  firstLast: false,
  downLimit: 0,
  upLimit: 0,
  superSeeding: false,
  banned: [],
};
const CHOICES = { priorities: '', folder: '', renames: [] };
const FILM = { name: 'Film', torrent: null, folder: 'Films', isPaused: false, options: OPTIONS, choices: CHOICES };
const TORRENT = { ...FILM, magnet: `magnet:?xt=urn:btih:${ID}` };
const file = (change: object): string =>
  JSON.stringify({ format: 'starling-backup', version: 1, settings: DEFAULT_SETTINGS, torrents: [TORRENT], ...change });

/** What is made of nine torrents, of which each has a .torrent file of so many bytes, if it is asked for; or is refused so. */
async function made(bytes: number, isPrivate: boolean, refused = false) {
  store.apply({
    type: 'snapshot',
    version: 1,
    torrents: nineTorrents(),
    connection: CONNECTED,
    roots: ROOTS,
    settings: DEFAULT_SETTINGS,
  });
  const asked: boolean[] = [];
  sendCommandsTo(command => {
    if (command.do !== 'export') throw new Error('something else was asked for');
    if (refused) return Promise.reject(new CommandError({ code: 'daemon-away', values: {} }));
    asked.push(command.withFiles);
    const [id = ''] = command.ids;
    const torrent = command.withFiles || isPrivate ? new Uint8Array(bytes) : null;
    const one = { id, magnet: `magnet:?xt=urn:btih:${id}`, torrent, isPrivate, choices: CHOICES };
    return Promise.resolve({ told: 'exported', exported: { torrents: [one], looked: [id] } });
  });
  const backup = await makeBackup();
  if ('refused' in backup) return backup;
  const read = readBackup(await backup.file.text());
  return {
    ...backup,
    asked,
    torrents: read?.torrents ?? [],
    files: read?.torrents.filter(({ torrent }) => torrent !== null) ?? [],
  };
}

describe('a backup', () => {
  it('is made of what whoever has the torrents tells of them, and of nothing where nobody does', async () => {
    const backup = await made(1_000, false);
    expect(backup).toMatchObject({ left: [], torrents: { length: 9 }, files: { length: 9 } });
    expect(fromBase64(('files' in backup && backup.files[0]?.torrent) || '')).toEqual(new Uint8Array(1_000));
    expect(await made(0, false, true)).toEqual({ refused: expect.stringContaining('The helper is not running') as string });
  });

  it('holds .torrent files up to a size, those of private torrents beyond it, and says which of these it does not hold', async () => {
    const open = await made(6 << 20, false);
    expect(open).toMatchObject({ left: [], torrents: { length: 9 }, files: { length: 3 } });
    expect('asked' in open && open.asked.filter(Boolean).length).toBe(3);
    const closed = await made(6 << 20, true);
    expect(closed).toMatchObject({ left: { length: 4 }, torrents: { length: 5 }, files: { length: 5 } });
    expect('file' in closed && closed.file.size).toBeLessThan(MAX_BACKUP);
  });

  it('is read with each torrent once, and with settings alone that there are', () => {
    const read = readBackup(
      file({ torrents: [TORRENT, { ...TORRENT, name: 'Again' }], settings: { token: 'x', utp: 'yes', lsd: false } }),
    );
    expect(read?.torrents.map(({ name }) => name)).toEqual(['Again']);
    expect(read?.settings).toEqual({ lsd: false });
  });

  it.each([
    ['no JSON', 'starling'],
    ['another format', file({ format: 'other' })],
    ['another version', file({ version: 2 })],
    ['links that are no magnets', file({ torrents: [{ ...TORRENT, magnet: 'http://example.org/?xt=urn:btih:' }] })],
    ['names without end', file({ torrents: [{ ...TORRENT, name: 'x'.repeat(1_001) }] })],
    ['labels without end', file({ torrents: [{ ...TORRENT, options: { ...OPTIONS, labels: Array(21).fill('a') } }] })],
    ['numbers that are none', file({ torrents: [{ ...TORRENT, options: { ...OPTIONS, downLimit: '1' } }] })],
    ['what it needs by inheritance alone', `{"__proto__":${file({})}}`],
    ['files that cannot be', file({ torrents: [{ ...TORRENT, choices: { ...CHOICES, priorities: '5' } }] })],
    ['a hash that is none', file({ torrents: [{ ...TORRENT, magnet: 'magnet:?xt=urn:btih:ab12' }] })],
  ])('is none that has %s', (_, text) => {
    expect(readBackup(text)).toBeNull();
  });

  it('has as many torrents as a list, and no more', () => {
    const many = (count: number): string =>
      file({
        torrents: Array.from({ length: count }, (_, at) => ({
          ...FILM,
          magnet: `magnet:?xt=urn:btih:${at.toString(16).padStart(40, '0')}`,
        })),
      });
    expect(readBackup(many(MAX_BACKUP_TORRENTS))?.torrents.length).toBe(MAX_BACKUP_TORRENTS);
    expect(readBackup(many(MAX_BACKUP_TORRENTS + 1))).toBeNull();
  });

  it('knows a torrent by what is added of it: its v1 hash, or of v2 alone what that is cut to', () => {
    const v2 = 'cd34'.repeat(16);
    expect(idsOf(`magnet:?dn=x&xt=urn:btih:${ID}&xt=urn:btmh:1220${v2}`)).toEqual([ID, v2.slice(0, 40)]);
    expect(idsOf(`magnet:?xt=urn:btmh:1220${v2}`)).toEqual([v2.slice(0, 40)]);
    expect(idsOf(`http://example.org/?xt=urn:btih:${ID}`)).toEqual([]);
  });

  it('is not read where it is too large', async () => {
    const text = (): Promise<string> => Promise.reject(new Error('It was read'));
    expect(await readBackupFile({ size: MAX_BACKUP + 1, text })).toBe('too-large');
    expect(await readBackupFile({ size: MAX_BACKUP, text: () => Promise.resolve(file({})) })).toMatchObject({
      torrents: [{ magnet: TORRENT.magnet }],
    });
  });
});
