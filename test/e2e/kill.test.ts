/**
 * Each process is ended in turn in the middle of a download, and the download ends well: every byte is right, and hardly
 * any was fetched twice. What was fetched is what the seed says it sent.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LibtorrentPeer } from '../peers/libtorrent.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { isRunning } from './processes.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZE = 96 * MiB;
const RATE = 12 * MiB;
/** The part that may be fetched a second time. */
const AGAIN = 0.05;

describe.skipIf(missing !== '')(titled('a download survives'), () => {
  let world: World;
  let payload: Payload;
  let seed: LibtorrentPeer;

  beforeEach(async () => {
    world = await World.make();
    payload = makePayload(join(world.dir, 'seed'), 'survivor.bin', [{ path: [], size: SIZE }], { pieceLength: 512 << 10 });
    seed = await world.seed(payload, { uploadLimit: RATE });
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(await world.story(task.name));
    await world.end();
  });

  const reach = (part: number): Promise<void> =>
    until(`${part * 100} % to be sent`, () => seed.status.uploaded >= part * SIZE, 60_000);

  async function finish(): Promise<void> {
    await world.app.complete(payload.name, 90_000);
    expect(differences(payload, world.downloads)).toEqual([]);
    const { uploaded } = await seed.fresh();
    console.info(`fetched again: ${((uploaded / SIZE - 1) * 100).toFixed(2)} %`);
    expect(uploaded).toBeGreaterThanOrEqual(SIZE);
    expect(uploaded / SIZE - 1).toBeLessThanOrEqual(AGAIN);
  }

  it('the end of the worker', async () => {
    await reach(0.3);
    await world.app.page.stopWorkers();
    await reach(0.6);
    await world.app.page.stopWorkers();
    await finish();
  });

  it('the end of the io-daemon', async () => {
    await reach(0.4);
    const pid = world.starling.ioPid;
    process.kill(pid, 'SIGKILL');
    await finish();
    expect(world.starling.ioPid).not.toBe(pid);
  });

  it('the end of the host', async () => {
    await reach(0.4);
    const pid = world.starling.ioPid;
    await world.starling.kill();
    await until('the io-daemon to end with its host', () => !isRunning(pid));
    await world.starling.startAgain();
    await finish();
  });

  it('the end of the browser', async () => {
    await reach(0.4);
    await world.restartBrowser();
    await finish();
  });
});
