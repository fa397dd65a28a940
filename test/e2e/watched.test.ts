/** A torrent file that comes into a watched folder while no browser has ever been there. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { Starling } from './starling.ts';

let starling: Starling | null = null;
let dir = '';

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'starling-watched-')));
});

afterEach(async () => {
  await starling?.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('is started there by the engine of the host, which it wakes', async () => {
  const [home, downloads] = [join(dir, 'home'), join(dir, 'downloads')];
  const root = createHash('sha256').update('salt').update(downloads).digest('hex');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'roots.json'), JSON.stringify({ salt: 'salt', default: '', paths: [] }));
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ watched: [{ root, since: 0 }] }));
  const payload = makePayload(join(dir, 'seed'), 'film', [{ path: ['film.bin'], size: 300_000 }], { pieceLength: 32_768 });
  starling = await Starling.start({ home, downloads });
  const ended = (): number => readFileSync(join(home, 'logs/host.log'), 'utf8').split('the lease is held no more').length - 1;
  await until('its engine to have found nothing to do', () => ended() === 1, 60_000);
  const records = (): number => readdirSync(join(home, 'state')).length;
  const before = records();
  writeFileSync(join(downloads, 'film.torrent'), payload.bytes);
  await until('it to be taken', () => readdirSync(downloads).includes('film.torrent.added'), 60_000);
  await until('the torrent to be recorded', () => records() > before);
  // There is something to do now.
  expect(ended()).toBe(1);
});
