/** What the browser has of a torrent goes to the disk through the helper, whatever ends meanwhile, and nothing of it is fetched again. */
import { describe, expect, it } from 'vitest';
import { DISK, half, Household, IN_THE_MAKING, isMoving } from './household.ts';
import { seedOn } from './host.ts';

describe('a torrent of the browser', () => {
  it('goes to the disk half-done, is gone from the browser after it, and goes on there', () => {
    const house = half(1101);
    const { browser, helper, torrent, server } = house;
    browser.session.label(torrent.id, ['films'], []);
    const before = browser.session.rows()[0]!;
    house.move();
    const seen = new Set<string>();
    house.until(() => {
      const problem = helper.session.rows()[0]?.problem;
      if (problem?.code === 'bringing' && problem.isHere) seen.add(`${problem.of}`);
      return house.hasMoved();
    });
    const here = helper.session.rows()[0]!;
    expect(here.done).toBeGreaterThanOrEqual(before.done);
    expect([here.addedAt, here.options.labels]).toEqual([before.addedAt, ['films']]);
    expect(here.downloaded).toBeGreaterThanOrEqual(before.downloaded);
    expect(seen.size).toBe(1);
    expect(house.said).toEqual(['“folder” is on this computer now, in “Downloads”.']);
    // The web seed was asked for nothing while it moved.
    expect(server.sent).toBeLessThan(before.done + IN_THE_MAKING);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.expectMoved(torrent.size + IN_THE_MAKING);
    expect(helper.session.rows()[0]).toMatchObject({ downloaded: expect.any(Number) as number });
    expect(helper.session.rows()[0]!.downloaded).toBeLessThan(torrent.size + IN_THE_MAKING);
  });

  it('that is complete and paused keeps when it was done, and rests after it', () => {
    const house = new Household(1102);
    const { browser, helper, torrent } = house;
    house.downloads(torrent.size);
    browser.session.pause(torrent.id);
    house.world.clock.run(3_000);
    const before = browser.session.rows()[0]!;
    house.move();
    house.until(() => house.hasMoved() && helper.session.rows()[0]?.state === 'done');
    expect(helper.session.rows()[0]).toMatchObject({
      doneAt: before.doneAt,
      uploaded: before.uploaded,
      downloaded: before.downloaded,
    });
    helper.session.resume(torrent.id);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.world.clock.run(5_000);
    house.expectMoved();
  });

  it('takes what it has of files that are not wanted along, aside, until they are', () => {
    const house = half(1103);
    const { browser, helper, torrent } = house;
    browser.session.prioritise(torrent.id, [0], 'skip');
    house.move();
    house.until(house.hasMoved);
    const asked = house.server.sent;
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    helper.session.prioritise(torrent.id, [0], 'normal');
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    expect(house.server.sent).toBeGreaterThan(asked);
    house.world.clock.run(5_000);
    house.expectMoved(torrent.size + IN_THE_MAKING);
  });

  it('of which nothing is known yet goes as it is', () => {
    const house = new Household(1104);
    const { browser, helper, torrent } = house;
    browser.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&dn=x` });
    browser.session.start(torrent.id, null, 'downloads');
    house.world.clock.run(2_000);
    house.move();
    house.until(house.hasMoved);
    expect(helper.session.rows()).toMatchObject([{ name: 'x', root: DISK, state: 'metadata' }]);
    expect(house.said).toEqual(['“x” is with the helper now, and comes to “Downloads”.']);
  });

  it.each([
    ['the folder is not there', { problem: 'The folder is missing.' }, 'cannot be written to just now'],
    ['there is no room', { free: 1_000_000 }, 'has too little room, so nothing was moved: 2 MB needed, 1 MB free'],
  ])('stays, and goes on, where %s', (_what, root, words) => {
    const house = half(1105);
    house.root = { ...house.root, ...root };
    expect(() => house.move()).toThrow(words);
    house.until(() => house.browser.session.rows()[0]?.state === 'seeding');
    expect(house.helper.session.rows()).toEqual([]);
  });

  it('is read four times at once, and no more than 16 MiB of it are on their way', () => {
    const house = new Household(1108, { large: 48 << 20 }, 2 << 20);
    const { browser, helper, torrent } = house;
    seedOn(browser, torrent);
    house.until(() => browser.session.rows()[0]?.state === 'seeding');
    house.move();
    let most = 0;
    house.until(() => {
      const open = [...helper.store.buffers.values()].filter(({ state }) => state === 'open');
      most = Math.max(most, open.length * (2 << 20));
      return house.hasMoved();
    });
    expect(house.mostReads).toBe(4);
    expect(most).toBeLessThanOrEqual(16 << 20);
  });

  it('waits while its files are saved from the browser, and is not taken away from under who does', () => {
    const house = half(1107);
    const { browser, helper } = house;
    house.isRead = true;
    house.move();
    house.until(() => browser.session.rows()[0]?.state === 'seeding');
    expect(helper.session.rows()).toEqual([]);
    house.isRead = false;
    house.until(() => house.done(helper) > 200_000);
    house.isRead = true;
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.world.clock.run(5_000);
    expect(browser.session.rows()).toHaveLength(1);
    house.isRead = false;
    house.until(house.hasMoved);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.world.clock.run(1_000);
    house.expectMoved();
  });

  it('does nothing in the browser while the helper has it too, and what is here goes there', () => {
    const house = half(1106);
    const { browser, helper, torrent, server } = house;
    house.isHere = false;
    helper.session.add({ kind: 'file', bytes: torrent.bytes });
    helper.session.start(torrent.id, null, DISK);
    house.world.clock.run(2_000);
    expect(browser.session.rows()[0]?.state).toBe('queued');
    const [done, sent] = [house.done(browser), server.sent];
    house.world.clock.run(1_000);
    expect(house.done(browser)).toBe(done);
    expect(server.sent).toBeGreaterThan(sent);
    house.isHere = true;
    house.until(house.hasMoved);
    expect(house.done(helper)).toBeGreaterThanOrEqual(done);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.expectMoved(torrent.size + 1_300_000 + IN_THE_MAKING);
  });
});

describe('nothing is lost, and nothing comes twice, where', () => {
  const ends: [string, (house: Household) => void][] = [
    ['the worker is ended', house => house.restart()],
    ['the helper goes on by itself in between', house => house.restart(20_000)],
    ['the io-daemon is ended', house => house.helper.crashDaemon()],
    [
      'the power fails',
      house => {
        house.helper.powerCut(house.world.random);
        house.restart();
      },
    ],
    [
      'the helper is away for a while',
      house => {
        house.isHere = false;
        house.helper.session.detach();
        house.world.clock.run(30_000);
        house.helper.crashDaemon();
        house.isHere = true;
      },
    ],
    [
      'the disk is full for a while',
      house => {
        house.helper.disk.problem = 'full';
        house.until(() => house.helper.session.rows()[0]?.state === 'error');
        expect(house.done(house.browser)).toBeGreaterThan(1_200_000);
        house.helper.disk.problem = null;
      },
    ],
    [
      'the files that were brought are deleted',
      house => {
        house.helper.session.detach();
        house.helper.disk.files.clear();
        house.helper.crashDaemon();
      },
    ],
    [
      'it is paused, and resumed after it',
      house => {
        house.helper.session.pause(house.torrent.id);
        house.until(() => house.hasMoved() && house.helper.session.rows()[0]?.state === 'paused');
        house.helper.session.resume(house.torrent.id);
      },
    ],
  ];
  it.each(ends)('%s', (_what, end) => {
    for (const moved of [1, 700_000]) {
      const house = half(1200 + moved);
      const { helper, torrent, world } = house;
      const before = house.done(house.browser);
      house.move();
      house.until(() => isMoving(house, moved));
      const sent = house.server.sent;
      end(house);
      house.until(() => house.hasMoved(), 600_000);
      expect(house.server.sent).toBe(sent);
      expect(house.done(helper)).toBeGreaterThanOrEqual(before);
      house.until(() => helper.session.rows()[0]?.state === 'seeding');
      world.clock.run(5_000);
      house.expectMoved(torrent.size + IN_THE_MAKING);
    }
  });

  it.each([
    ['is being checked', false],
    ['was paused while it was being checked', true],
  ])('it %s as it begins to move', (_what, isPaused) => {
    const house = half(1302);
    const { browser, helper, torrent } = house;
    const before = house.done(browser);
    if (isPaused) browser.session.pause(torrent.id);
    browser.session.recheck(torrent.id);
    house.move();
    house.until(house.hasMoved);
    expect(house.done(helper)).toBeGreaterThanOrEqual(before);
  });

  it('the helper cannot keep the list of its files: until it can, nothing leaves the browser', () => {
    const house = half(1303);
    const { browser, helper } = house;
    const before = house.done(browser);
    helper.refuses = '/info';
    house.move();
    house.until(() => house.done(helper) >= before);
    house.world.clock.run(60_000);
    expect([browser.session.rows().length, house.done(browser)]).toEqual([1, before]);
    helper.refuses = '';
    house.until(house.hasMoved);
  });

  it('the browser’s files cannot be read for a while: they are waited for', () => {
    const house = half(1304);
    const { browser, helper } = house;
    const before = house.done(browser);
    house.move();
    house.until(() => isMoving(house, 0));
    browser.disk.reading = 'io';
    house.world.clock.run(60_000);
    expect(browser.session.rows()).toHaveLength(1);
    browser.disk.reading = null;
    house.until(house.hasMoved);
    expect(house.done(helper)).toBeGreaterThanOrEqual(before);
  });

  it('it waits for the browser: it stays as it is meanwhile', () => {
    const house = half(1305);
    const { helper } = house;
    house.move();
    house.until(() => isMoving(house, 1));
    house.isHere = false;
    house.restart();
    const states = new Set<string>();
    house.world.clock.run(20_000);
    for (let second = 0; second < 30; second++) {
      house.world.clock.run(1_000);
      states.add(helper.session.rows()[0]?.state ?? 'none');
    }
    expect([...states]).toEqual(['moving']);
    house.isHere = true;
    house.until(house.hasMoved);
  });

  it('a piece is not as it should be: that one is fetched', () => {
    const house = half(1301);
    const { browser, helper, torrent } = house;
    const [path, file] = [...browser.disk.files].find(([name]) => name.endsWith('a/one'))!;
    file.bytes[100_000] = (file.bytes[100_000] ?? 0) ^ 1;
    expect(path).toContain('downloads');
    house.move();
    house.until(house.hasMoved);
    expect(helper.log.filter(line => line.includes('was not taken over'))).toHaveLength(1);
    house.until(() => helper.session.rows()[0]?.state === 'seeding');
    house.world.clock.run(5_000);
    house.expectMoved(torrent.size + IN_THE_MAKING);
  });
});
