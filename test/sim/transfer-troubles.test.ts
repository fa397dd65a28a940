/** A torrent on its way from the browser to the disk, where one of the two is not as it should be, and where a person would not have it. */
import { describe, expect, it } from 'vitest';
import { DISK, half, IN_THE_MAKING, isMoving, type Household } from './household.ts';
import { makeTorrent } from './host.ts';
import { withSeeds } from './web.ts';
import type { TorrentRow } from '../../sw/view-model.ts';

/** As many torrents as the helper can have. */
function fill({ helper }: Household): readonly string[] {
  const ids = Array.from({ length: 10_000 }, (_, at) => (at + 1).toString(16).padStart(40, '0'));
  for (const id of ids) helper.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` });
  return ids;
}

describe('nothing is lost, and a person is not left waiting, where', () => {
  it('the browser’s storage does not answer: that is said after a while, and it goes on once it does', () => {
    const house = half(1306);
    const { helper, torrent, movingIn } = house;
    house.move();
    house.until(() => isMoving(house, 0));
    house.isSilent = true;
    expect(movingIn.troubleOf(torrent.id)).toBe(null);
    house.until(() => movingIn.troubleOf(torrent.id)?.code === 'bring-unanswered');
    expect(movingIn.isMoving(torrent.id)).toBe(true);
    house.isSilent = false;
    house.until(house.hasMoved);
    expect(movingIn.troubleOf(torrent.id)).toBe(null);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.world.clock.run(1_000);
    house.expectMoved(torrent.size + IN_THE_MAKING);
  });

  it.each([
    ['nothing', 0],
    ['some', 400_000],
  ])('another browser has %s of it: that one does not end the waiting for the first', (_what, has) => {
    const house = half(1307);
    const { browser, helper, torrent, world } = house;
    house.move();
    house.until(() => isMoving(house, 200_000));
    house.isHere = false;
    house.restart();
    const other = world.browser('10.0.0.4');
    other.session.add({ kind: 'file', bytes: torrent.bytes });
    other.session.start(torrent.id, null, 'downloads');
    house.until(() => house.done(other) >= has);
    other.session.pause(torrent.id);
    world.clock.run(2_000);
    const moved = house.done(helper);
    house.giving = other;
    house.isHere = true;
    world.clock.run(20_000);
    expect(helper.session.rows()[0]?.problem).toMatchObject({ code: 'bringing', isHere: false });
    expect([house.movingIn.isMoving(torrent.id), other.session.rows().length]).toEqual([false, 1]);
    expect(house.done(helper)).toBe(moved);
    // It is not for this one to take it back either.
    house.movingIn.back([torrent.id]);
    expect(helper.session.has(torrent.id)).toBe(true);
    house.giving = browser;
    house.until(house.hasMoved);
    house.giving = other;
    house.until(() => other.session.rows().length === 0);
  });

  it('it waits for a save to end, and the worker is ended meanwhile: the wish is kept', async () => {
    const house = half(1308);
    await Promise.resolve();
    house.isRead = true;
    house.move();
    house.restart();
    await Promise.resolve();
    house.world.clock.run(3_000);
    expect(house.helper.session.rows()).toEqual([]);
    house.isRead = false;
    house.until(house.hasMoved);
    expect(house.wishes).toEqual([]);
  });

  it('the helper cannot record that it has it, and ends: it is taken in again, and nothing is lost', async () => {
    const house = half(1313);
    await Promise.resolve();
    const { helper, torrent } = house;
    helper.stateProblem = 'disk full';
    house.move();
    house.world.clock.run(10_000);
    expect([helper.session.has(torrent.id), house.wishes]).toEqual([true, [[torrent.id, DISK]]]);
    helper.stateProblem = '';
    house.restart();
    await Promise.resolve();
    expect(helper.session.rows()).toEqual([]);
    house.until(house.hasMoved);
    expect(house.wishes).toEqual([]);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.expectMoved(torrent.size + IN_THE_MAKING);
  });

  it('the helper has not recorded it, and a person removes it there: it does not come back', async () => {
    const house = half(1314);
    await Promise.resolve();
    const { helper, torrent } = house;
    helper.stateProblem = 'disk full';
    house.move();
    house.until(() => helper.session.has(torrent.id));
    helper.session.remove(torrent.id, false);
    helper.stateProblem = '';
    house.world.clock.run(5_000);
    expect([helper.session.rows(), house.wishes, house.browser.session.rows().length]).toEqual([[], [], 1]);
  });

  it.each([
    ['waits', false],
    ['is paused', true],
  ])('the browser has nothing of it any more while it %s: the helper has it from elsewhere', (_what, isPaused) => {
    const house = half(1315);
    const { browser, helper, torrent } = house;
    house.move();
    house.until(() => isMoving(house, 200_000));
    house.isHere = false;
    house.restart();
    house.world.clock.run(20_000);
    if (isPaused) helper.session.pause(torrent.id);
    browser.session.remove(torrent.id, true);
    house.isHere = true;
    house.world.clock.run(2_000);
    if (isPaused) {
      expect(helper.session.rows()[0]?.state).toBe('paused');
      helper.session.resume(torrent.id);
    }
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    expect(house.server.sent).toBeGreaterThan(torrent.size);
  });

  it('three that are to move do not answer: others have their turn', async () => {
    const house = half(1316);
    await Promise.resolve();
    const { browser, helper, torrent } = house;
    const gift = browser.session.giving.gift.bind(browser.session.giving);
    browser.session.giving.gift = id => (id === torrent.id || id === fourth ? gift(id) : null);
    const stuck = [1, 2, 3, 4].map(at => at.toString(16).padStart(40, '0'));
    const fourth = stuck.pop()!;
    for (const id of [...stuck, fourth]) {
      browser.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` });
      browser.session.start(id, null, 'downloads');
    }
    const rows = browser.session.rows();
    house.movingIn.move(
      [...stuck, fourth].map(id => rows.find(row => row.id === id)!),
      DISK,
    );
    house.until(() => helper.session.has(fourth), 100_000);
    house.movingIn.move(
      rows.filter(({ id }) => id === torrent.id),
      DISK,
    );
    house.until(() => !browser.session.has(torrent.id), 200_000);
  });

  it('what is to move is removed here while no helper is: it is not to move any more, nor should it come back', async () => {
    const house = half(1317);
    await Promise.resolve();
    house.isRead = true;
    house.move();
    house.isHere = false;
    house.browser.session.remove(house.torrent.id, true);
    house.world.clock.run(2_000);
    expect(house.wishes).toEqual([]);
  });

  it('a wish is taken back, or another comes, before those of the last worker are known: none is lost, and none is back', async () => {
    const house = half(1310);
    const { torrent } = house;
    const [lost, kept, later] = [torrent.id, 'b'.repeat(40), 'c'.repeat(40)];
    for (const id of [kept, later]) {
      house.browser.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` });
      house.browser.session.start(id, null, 'downloads');
    }
    house.world.clock.run(1_000);
    house.isRead = true;
    house.wishes = [
      [lost, DISK],
      [kept, DISK],
    ];
    house.restart();
    house.movingIn.back([lost]);
    house.movingIn.move([{ id: later, done: 0 } as TorrentRow], DISK);
    expect(house.wishes).toHaveLength(2);
    await Promise.resolve();
    expect(house.wishes).toEqual([
      [kept, DISK],
      [later, DISK],
    ]);
    house.isRead = false;
    house.world.clock.run(20_000);
    expect([house.wishes, house.browser.session.rows().length]).toEqual([[], 1]);
  });

  it('the helper cannot take it in just now: it goes on in the browser, says why, and moves once it can', async () => {
    const house = half(1311);
    await Promise.resolve();
    const { browser, helper, torrent, movingIn } = house;
    helper.session.add({ kind: 'file', bytes: torrent.bytes });
    house.move();
    expect([movingIn.isHindered(torrent.id), movingIn.troubleOf(torrent.id)]).toEqual([
      true,
      { code: 'bring-being-added', values: {} },
    ]);
    house.until(() => browser.session.rows()[0]?.state === 'seeding');
    expect(house.wishes).toEqual([[torrent.id, DISK]]);
    helper.session.remove(torrent.id, false);
    const others = fill(house);
    house.world.clock.run(3_000);
    expect(movingIn.troubleOf(torrent.id)).toEqual({ code: 'list-full', values: { most: 10_000 } });
    for (const id of others) helper.session.remove(id, false);
    house.until(house.hasMoved);
    expect(movingIn.troubleOf(torrent.id)).toBe(null);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.expectMoved();
  });

  it('its list of files is lost in the browser: that of the helper does, or it moves once it is there again', async () => {
    const house = half(1312);
    const { browser, helper, torrent, server } = house;
    browser.session.pause(torrent.id);
    house.world.clock.run(2_000);
    const lose = (): void => {
      browser.records.delete(`t/${torrent.id}/info`);
      house.restart();
    };
    lose();
    await Promise.resolve();
    house.move();
    house.until(() => house.movingIn.troubleOf(torrent.id)?.code === 'bring-list-lost');
    expect([house.movingIn.isHindered(torrent.id), house.wishes.length]).toEqual([true, 1]);
    house.movingIn.back([torrent.id]);
    expect(house.movingIn.troubleOf(torrent.id)).toBe(null);
    house.move();
    browser.session.add({ kind: 'file', bytes: torrent.bytes });
    house.until(() => isMoving(house, 200_000));
    // The helper waits for it, and knows the list.
    lose();
    const { sent } = server;
    house.until(house.hasMoved);
    expect(server.sent).toBe(sent);
    expect(house.done(helper)).toBeGreaterThanOrEqual(1_300_000);
  });

  it('it failed, and its browser is gone: it has no seat but the one that is its turn', () => {
    const house = half(1309);
    const { helper, torrent, world } = house;
    helper.session.configure({ maxActiveDownloads: 1 });
    const first = withSeeds(makeTorrent({ first: 90_000_000 }, 1 << 20, 9), []);
    helper.session.add({ kind: 'file', bytes: first.bytes });
    helper.session.start(first.id, null, DISK);
    world.clock.run(1_000);
    house.isHere = false;
    helper.session.add({ kind: 'file', bytes: torrent.bytes });
    helper.session.start(torrent.id, null, DISK);
    house.isHere = true;
    const row = () => helper.session.rows().find(({ id }) => id === torrent.id)!;
    house.until(() => row().problem?.code === 'bringing');
    helper.disk.problem = 'full';
    house.until(() => row().state === 'error');
    house.isHere = false;
    helper.disk.problem = null;
    house.until(() => row().state !== 'error');
    world.clock.run(5_000);
    expect(row()).toMatchObject({ state: 'queued', problem: { code: 'queued', ahead: 0 } });
  });

  it.each([
    ['at once', (house: Household) => house.until(() => house.done(house.helper) > 200_000)],
    [
      'after a worker has ended',
      (house: Household) => {
        house.until(() => isMoving(house, 200_000));
        house.restart();
        house.until(() => isMoving(house, 400_000));
      },
    ],
    [
      'as the disk is full',
      (house: Household) => {
        house.until(() => isMoving(house, 200_000));
        house.helper.disk.problem = 'full';
        house.until(() => house.helper.session.rows()[0]?.state === 'error');
        house.helper.disk.problem = null;
      },
    ],
  ])('a person changes their mind %s: all of it is in the browser still, and goes on', (_when, comes) => {
    const house = half(1302);
    const { browser, helper, torrent } = house;
    const before = house.done(browser);
    const theirs = { bytes: new Uint8Array(400_000).fill(7), size: 400_000, mtime: 5, durable: null };
    helper.disk.files.set(`${DISK}/folder/two`, theirs);
    house.move();
    comes(house);
    house.isSilent = true;
    house.world.clock.run(1_000);
    house.movingIn.back([torrent.id]);
    house.until(() => browser.session.rows()[0]?.state === 'seeding');
    expect(house.done(browser)).toBeGreaterThan(before);
    expect(helper.session.rows()).toEqual([]);
    house.world.clock.run(1_000);
    // What was there before stays.
    expect([...helper.disk.files.keys()]).toEqual([`${DISK}/folder/two`]);
    expect(house.said).toEqual(['“folder” stays in this browser. What had come of it to “Downloads” is deleted there.']);
  });

  it('the browser is never there again, and a person would not wait', () => {
    const house = half(1303);
    const { helper, torrent } = house;
    house.move();
    house.until(() => house.done(helper) > 200_000);
    house.isHere = false;
    house.restart(20_000);
    const row = () => helper.session.rows()[0]!;
    house.until(() => row().state === 'moving');
    expect(row().problem).toMatchObject({ code: 'bringing', isHere: false });
    expect(helper.session.hasWork).toBe(false);
    helper.session.resume(torrent.id);
    house.until(() => row().state === 'seeding');
    expect(house.server.sent).toBeGreaterThan(torrent.size);
  });
});
