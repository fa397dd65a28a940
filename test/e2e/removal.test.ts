/** What is removed can be taken back: with the real helper and real files. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { differences, makePayload, type Payload } from '../peers/payload.ts';
import { freePort } from '../peers/ports.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;

describe.skipIf(missing !== '')(titled('what is removed, end to end'), () => {
  let world: World;
  let payload: Payload;
  beforeAll(async () => {
    const port = await freePort();
    world = await World.make();
    const files = [
      { path: ['one.bin'], size: 3 * MiB + 1 },
      { path: ['two.bin'], size: MiB },
    ];
    payload = makePayload(join(world.dir, 'seed'), 'to be kept', files, {
      pieceLength: 256 << 10,
      isPrivate: true,
      trackers: [`http://127.0.0.1:${port}/announce`],
    });
    const tracker = await world.tracker([payload], port);
    await world.seed(payload);
    await world.announced(tracker, payload);
    await world.app.dropTorrents([world.torrentFile(payload)]);
    await world.app.start();
    await world.app.complete(payload.name);
  });
  afterEach(context => world.tell(context));
  afterAll(() => world?.end());

  const removeWithFiles = async (): Promise<void> => {
    await world.app.remove(payload.name, true);
    await world.app.page.find({ role: 'button', name: 'Undo' });
  };

  it('a removal with files is taken back with them, and without that they go after ten seconds', async () => {
    await removeWithFiles();
    await world.app.page.click({ role: 'button', name: 'Undo' });
    await world.app.complete(payload.name);
    expect(differences(payload, world.downloads)).toEqual([]);
    await removeWithFiles();
    const since = performance.now();
    await until('the files to be gone', () => !existsSync(join(world.downloads, payload.name)), 30_000);
    expect(performance.now() - since).toBeGreaterThan(8_000);
  });
});
