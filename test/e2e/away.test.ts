/** Downloads go on with every window closed and with the browser gone, and come back to the app that opens again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LibtorrentPeer } from '../peers/libtorrent.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZE = 64 * MiB;
const RATE = 8 * MiB;
const SLOW = 256 << 10;
/** What may be under way when a connection is cut, and is asked for again: it had not landed. */
const ON_THE_LINE = 2 * MiB;

describe.skipIf(missing !== '')(titled('with no window open'), () => {
  let world: World;
  let payload: Payload;
  let seed: LibtorrentPeer;

  beforeEach(async () => {
    world = await World.make();
    payload = makePayload(join(world.dir, 'seed'), 'homework.bin', [{ path: [], size: SIZE }], { pieceLength: 512 << 10 });
    seed = await world.seed(payload, { uploadLimit: RATE });
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(await world.story(task.name));
    await world.end();
  });

  const reach = (part: number): Promise<void> =>
    until(`${part * 100} % to be sent`, () => seed.status.uploaded >= part * SIZE, 60_000);
  const awayStarts = (): number =>
    readFileSync(join(world.starling.home, 'logs', 'host.log'), 'utf8').split('the away engine was started').length - 1;

  /** However long the windows take to close, there is something left to do then. */
  async function leave(): Promise<void> {
    const before = awayStarts();
    seed.limitUpload(SLOW);
    await world.closeWindows();
    await until('the host to go on with it', () => awayStarts() > before);
    seed.limitUpload(RATE);
  }

  async function fetchedOnce(handOvers: number): Promise<void> {
    expect(differences(payload, world.downloads)).toEqual([]);
    const { uploaded } = await seed.fresh();
    console.info(`fetched again: ${((uploaded / SIZE - 1) * 100).toFixed(2)} %`);
    expect(uploaded).toBeGreaterThanOrEqual(SIZE);
    expect(uploaded).toBeLessThanOrEqual(SIZE + handOvers * ON_THE_LINE);
  }

  it('a download is finished after the last window was closed, and the app says so when it opens', async () => {
    await reach(0.3);
    await leave();
    await reach(1);
    await until('all of it to be on the disk', () => differences(payload, world.downloads).length === 0);
    await world.openAgain();
    await world.app.complete(payload.name);
    await world.app.page.waitForText(`While the app was closed: “${payload.name}” was finished`);
    await fetchedOnce(1);
  });

  it('a download is finished after the browser was killed', async () => {
    await reach(0.3);
    await world.killBrowser();
    await reach(1);
    await until('all of it to be on the disk', () => differences(payload, world.downloads).length === 0);
    await world.restartBrowser();
    await world.app.complete(payload.name);
    await fetchedOnce(1);
  });

  it('a download goes on in the app that opens again in the middle of it', async () => {
    for (const part of [0.25, 0.5]) {
      await reach(part);
      await leave();
      await reach(part + 0.15);
      await world.openAgain();
      await world.app.says(payload.name, /Downloading/);
    }
    await world.app.complete(payload.name);
    await fetchedOnce(4);
  });
});
