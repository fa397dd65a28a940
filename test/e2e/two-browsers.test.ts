/**
 * Two browsers, paired with one host: one is at work, the other shows what it does and may take the work over, or has to, where
 * the first is suspended.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LibtorrentPeer } from '../peers/libtorrent.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser } from './browser.ts';
import { commandOf, processTree } from './processes.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZE = 64 * MiB;
const AT_WORK = 'Chrome on Linux is at work';

describe.skipIf(missing !== '')(titled('two browsers'), () => {
  let world: World;
  let second: Browser;
  let other: App;
  let payload: Payload;
  let seed: LibtorrentPeer;
  let suspended: readonly number[] = [];

  function wake(): void {
    for (const pid of suspended) process.kill(pid, 'SIGCONT');
    suspended = [];
  }

  beforeEach(async () => {
    world = await World.make();
    payload = makePayload(join(world.dir, 'seed'), 'shared.bin', [{ path: [], size: SIZE }], { pieceLength: 512 << 10 });
    seed = await world.seed(payload, { uploadLimit: 4 * MiB });
    second = await Browser.start();
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    other = await App.follow(second, await world.starling.link(), AT_WORK);
  });
  afterEach(async ({ task }) => {
    wake();
    if (task.result?.state === 'fail') console.error(await world.story(task.name));
    await second.stop();
    await world.end();
  });

  /** The leases that browsers were given, in their order. */
  const leases = (): string[] =>
    readFileSync(join(world.starling.home, 'logs/host.log'), 'utf8')
      .split('\n')
      .filter(line => line.includes('the lease was given') && line.includes('"kind":"app"'));

  /** What the page of the one that follows gets of the file: its status, and the SHA-1 of the body. */
  function read(range: string): Promise<{ status: number; sha1: string }> {
    return other.page.evaluate(`(async () => {
      const answer = await fetch('/stream/${payload.infoHash}/0/shared.bin', { headers: { range: '${range}' } });
      const digest = await crypto.subtle.digest('SHA-1', await answer.arrayBuffer());
      const sha1 = [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
      return { status: answer.status, sha1 };
    })()`);
  }

  async function whole(): Promise<void> {
    expect(differences(payload, world.downloads)).toEqual([]);
    const { uploaded } = await seed.fresh();
    console.info(`fetched again: ${((uploaded / SIZE - 1) * 100).toFixed(2)} %`);
    expect(uploaded / SIZE - 1).toBeLessThanOrEqual(0.05);
  }

  it('see the same torrent, either pauses it, the one that follows reads its file, and the work goes over on a click', async () => {
    await other.says(payload.name, /, Downloading/);
    await other.select(payload.name);
    await other.page.click({ role: 'button', name: 'Pause' });
    await world.app.says(payload.name, /, Paused/);
    await other.says(payload.name, /, Paused/);
    await other.page.click({ role: 'button', name: 'Resume' });
    await world.app.says(payload.name, /, Downloading/);
    await until('some of it', () => seed.status.uploaded > 0.3 * SIZE, 60_000);
    expect(leases()).toHaveLength(1);

    const middle = await read(`bytes=${SIZE / 2}-${SIZE / 2 + 99_999}`);
    const bytes = readFileSync(join(world.dir, 'seed', payload.name)).subarray(SIZE / 2, SIZE / 2 + 100_000);
    expect(middle).toEqual({ status: 206, sha1: createHash('sha1').update(bytes).digest('hex') });

    await other.page.click({ role: 'button', name: AT_WORK });
    await other.page.click({ role: 'button', name: 'Use here' });
    await other.connected();
    await world.app.page.waitForText(AT_WORK, 30_000);
    expect(leases()).toHaveLength(2);
    await other.complete(payload.name, 60_000);
    await world.app.complete(payload.name);
    await whole();
  });

  it('one that is suspended loses the work to the other, and follows when it wakes', async () => {
    await until('some of it', () => seed.status.uploaded > 0.2 * SIZE, 60_000);
    suspended = processTree(world.browser.pid).filter(pid => commandOf(pid).includes('--type=renderer'));
    expect(suspended).not.toEqual([]);
    for (const pid of suspended) process.kill(pid, 'SIGSTOP');
    await other.connected(40_000);
    expect(leases()).toHaveLength(2);
    await until('more of it', () => seed.status.uploaded > 0.5 * SIZE, 60_000);
    wake();
    await world.app.page.waitForText(AT_WORK, 30_000);
    await other.complete(payload.name, 60_000);
    await world.app.complete(payload.name);
    await whole();
    expect(leases()).toHaveLength(2);
  });
});
