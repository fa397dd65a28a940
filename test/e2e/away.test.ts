/** Downloads go on with every window closed and with the browser gone, and come back to the app that opens again. */
import { afterEach, beforeEach, describe, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { Transfer } from './transfer.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const RATE = 8 * MiB;
const SLOW = 256 << 10;
/** What may be under way when a connection is cut, and is asked for again: it had not landed. */
const ON_THE_LINE = 2 * MiB;

describe.skipIf(missing !== '')(titled('with no window open'), () => {
  let world: World;
  let transfer: Transfer;

  beforeEach(async () => {
    world = await World.make();
    transfer = await Transfer.begin(world, 'homework.bin', { size: 64 * MiB, rate: RATE });
  });
  afterEach(async context => {
    await world.tell(context);
    await world.end();
  });

  const turnsAway = (): number => world.starling.leases.filter(kind => kind === 'away').length;

  /** However long the windows take to close, there is something left to do then. */
  async function leave(): Promise<void> {
    const before = turnsAway();
    transfer.seed.limitUpload(SLOW);
    await world.closeWindows();
    await until('the host to go on with it', () => turnsAway() > before);
    transfer.seed.limitUpload(RATE);
  }

  it('a download is finished after the last window was closed, and the app says so when it opens', async () => {
    await transfer.reach(0.3);
    await leave();
    await transfer.reach(1);
    await transfer.onDisk();
    await world.openAgain();
    await world.app.complete(transfer.name);
    await world.app.page.waitForText(`While the app was closed: “${transfer.name}” was finished`);
    await transfer.cameOnce(ON_THE_LINE);
  });

  it('a download is finished after the browser was killed', async () => {
    await transfer.reach(0.3);
    await world.killBrowser();
    await transfer.reach(1);
    await transfer.onDisk();
    await world.restartBrowser();
    await world.app.complete(transfer.name);
    await transfer.cameOnce(ON_THE_LINE);
  });

  it('a download goes on in the app that opens again in the middle of it', async () => {
    for (const part of [0.25, 0.5]) {
      await transfer.reach(part);
      await leave();
      await transfer.reach(part + 0.15);
      await world.openAgain();
      await world.app.says(transfer.name, /Downloading/);
    }
    await world.app.complete(transfer.name);
    await transfer.cameOnce(4 * ON_THE_LINE);
  });
});
