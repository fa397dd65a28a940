import { describe, expect, it } from 'vitest';
import { MAX_BACKUP, MAX_BACKUP_TORRENTS, readBackup, readBackupFile } from '../../web/backup.ts';
import { DEFAULT_SETTINGS } from '../../web/defaults.ts';

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
const TORRENT = { id: ID, name: 'Film', magnet: `magnet:?xt=urn:btih:${ID}`, folder: 'Films', isPaused: false, options: OPTIONS };
const file = (change: object): string =>
  JSON.stringify({ format: 'starling-backup', version: 1, settings: DEFAULT_SETTINGS, torrents: [TORRENT], ...change });

describe('a backup', () => {
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
    ['an inheritance', '{"format":"starling-backup","version":1,"__proto__":{"torrents":[]}}'],
  ])('is none that has %s', (_, text) => {
    expect(readBackup(text)).toBeNull();
  });

  it('has as many torrents as a list, and no more', () => {
    const many = (count: number): string =>
      file({ torrents: Array.from({ length: count }, (_, at) => ({ ...TORRENT, id: at.toString(16).padStart(40, '0') })) });
    expect(readBackup(many(MAX_BACKUP_TORRENTS))?.torrents.length).toBe(MAX_BACKUP_TORRENTS);
    expect(readBackup(many(MAX_BACKUP_TORRENTS + 1))).toBeNull();
  });

  it('is not read where it is too large', async () => {
    const text = (): Promise<string> => Promise.reject(new Error('It was read'));
    expect(await readBackupFile({ size: MAX_BACKUP + 1, text })).toBe('too-large');
    expect(await readBackupFile({ size: MAX_BACKUP, text: () => Promise.resolve(file({})) })).toMatchObject({
      torrents: [{ id: ID }],
    });
  });
});
