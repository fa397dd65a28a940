/** Pictures of the real app with real torrents, for a person to look at: .cache/screens. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { magnetOf, makePayload } from '../peers/payload.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZES = { desktop: { width: 1280, height: 820 }, phone: { width: 390, height: 800 } };

describe.skipIf(missing !== '')(titled('screens'), () => {
  let world: World;
  beforeAll(async () => {
    world = await World.make();
  });
  afterAll(() => world?.end());

  it('show a list with a download, a seed and a paused one, without a word on the console', async () => {
    const { app, dir } = world;
    const make = (name: string, mebibytes: number) =>
      makePayload(join(dir, 'seed'), name, [{ path: [], size: mebibytes * MiB }], { pieceLength: 256 << 10 });
    const [done, slow, paused] = [
      make('Field recordings 2024.zip', 8),
      make('debian-12.9.0-amd64-netinst.iso', 64),
      make('Atlas of birds.pdf', 24),
    ];
    for (const [payload, uploadLimit] of [
      [done, 0],
      [slow, MiB],
      [paused, MiB],
    ] as const) {
      const seed = await world.seed(payload, { uploadLimit });
      await app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    }
    await app.complete(done.name);
    await app.says(slow.name, /Downloading.*, [1-9]\d?\s%/);
    await app.select(paused.name);
    await app.page.click({ role: 'button', name: 'Pause' });
    await app.says(paused.name, /Paused/);
    for (const scheme of ['light', 'dark'] as const) {
      await app.page.colourScheme(scheme);
      for (const [name, size] of Object.entries(SIZES)) {
        await app.page.resize(size);
        await app.says(slow.name, /Downloading/);
        await app.page.screenshot(`${name}-${scheme}`);
      }
      await app.page.resize(SIZES.desktop);
    }
    expect(app.page.log).toEqual([]);
  });
});
