/**
 * Two browsers, paired with one host: one is at work, the other shows what it does and may take the work over, or has to, where
 * the first is suspended.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { App } from './app.ts';
import { Browser } from './browser.ts';
import { commandOf, processTree } from './processes.ts';
import { Transfer } from './transfer.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const SIZE = 64 * MiB;
/** What may be fetched a second time: it was on the line when a connection was cut, by a pause or as the work went over. */
const AGAIN = 0.05 * SIZE;
const AT_WORK = 'Chrome on Linux is at work';

describe.skipIf(missing !== '')(titled('two browsers'), () => {
  let world: World;
  let second: Browser;
  let other: App;
  let transfer: Transfer;
  let suspended: readonly number[] = [];

  function wake(): void {
    for (const pid of suspended) process.kill(pid, 'SIGCONT');
    suspended = [];
  }

  beforeEach(async () => {
    world = await World.make();
    second = await Browser.start();
    transfer = await Transfer.begin(world, 'shared.bin', { size: SIZE, rate: 4 * MiB });
    other = await App.follow(second, await world.starling.link(), AT_WORK);
  });
  afterEach(async context => {
    wake();
    await world.tell(context);
    await second.stop();
    await world.end();
  });

  /** Those that browsers were given. */
  const leases = (): string[] => world.starling.leases.filter(kind => kind === 'app');

  /** What a page gets of the file: its status, and the SHA-1 of the body. */
  function read(app: App, range: string): Promise<{ status: number; sha1: string }> {
    return app.page.evaluate(`(async () => {
      const answer = await fetch('/stream/${transfer.payload.infoHash}/0/shared.bin', { headers: { range: '${range}' } });
      const digest = await crypto.subtle.digest('SHA-1', await answer.arrayBuffer());
      const sha1 = [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
      return { status: answer.status, sha1 };
    })()`);
  }

  it('see the same torrent, either pauses it, the one that follows reads its file, and the work goes over on a click, with what is read', async () => {
    await other.says(transfer.name, /, Downloading/);
    await other.select(transfer.name);
    await other.page.click({ role: 'button', name: 'Pause' });
    await world.app.says(transfer.name, /, Paused/);
    await other.says(transfer.name, /, Paused/);
    await other.page.click({ role: 'button', name: 'Resume' });
    await world.app.says(transfer.name, /, Downloading/);
    await transfer.reach(0.3);
    expect(leases()).toHaveLength(1);

    const middle = await read(other, `bytes=${SIZE / 2}-${SIZE / 2 + 99_999}`);
    const bytes = readFileSync(join(world.dir, 'seed', transfer.name));
    const part = bytes.subarray(SIZE / 2, SIZE / 2 + 100_000);
    expect(middle).toEqual({ status: 206, sha1: createHash('sha1').update(part).digest('hex') });
    // These are under way when the work goes over, and go on.
    const whole = Promise.all([read(world.app, 'bytes=0-'), read(other, 'bytes=0-')]);

    await other.page.click({ role: 'button', name: AT_WORK });
    await other.page.click({ role: 'button', name: 'Use here' });
    await other.connected();
    await world.app.page.waitForText(AT_WORK, 30_000);
    expect(leases()).toHaveLength(2);
    await other.complete(transfer.name, 60_000);
    await world.app.complete(transfer.name);
    const sha1 = createHash('sha1').update(bytes).digest('hex');
    expect(await whole).toEqual([
      { status: 206, sha1 },
      { status: 206, sha1 },
    ]);
    await transfer.cameOnce(AGAIN);
  });

  it('one that is suspended loses the work to the other, and follows when it wakes', async () => {
    await transfer.reach(0.2);
    suspended = processTree(world.browser.pid).filter(pid => commandOf(pid).includes('--type=renderer'));
    expect(suspended).not.toEqual([]);
    for (const pid of suspended) process.kill(pid, 'SIGSTOP');
    await other.connected(40_000);
    expect(leases()).toHaveLength(2);
    await transfer.reach(0.5);
    wake();
    await world.app.page.waitForText(AT_WORK, 30_000);
    await other.complete(transfer.name, 60_000);
    await world.app.complete(transfer.name);
    await transfer.cameOnce(AGAIN);
    expect(leases()).toHaveLength(2);
  });
});
