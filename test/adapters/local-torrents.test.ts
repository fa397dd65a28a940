import { describe, expect, it } from 'vitest';
import { LocalTorrents } from '../../sw/local-torrents.ts';
import type { Engine } from '../../sw/perform.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { RootRow, TorrentRow } from '../../sw/view-model.ts';

const A = 'a'.repeat(40);

function setUp(problem = '') {
  const log: string[] = [];
  const looks: (() => void)[] = [];
  let problems = problem;
  let room = 7e9;
  let isBroken = false;
  let closing: () => void = () => undefined;
  let gone: (problem: string) => void = () => undefined;
  const engine = {
    rows: () => [{ id: A, root: '' } as TorrentRow],
    start: (_id: string, _priorities: null, root: string) => log.push(`start ${root}`),
    remove: (_id: string, withData: boolean) => log.push(`remove ${withData ? 'with data' : 'alone'}`),
    roots: { tell: ([root]: RootRow[]) => log.push(`room ${root?.free}`) },
    close: (done: () => void) => {
      log.push('close');
      if (isBroken) throw new Error('it is broken');
      closing = done;
    },
  } as unknown as Engine<never>;
  const torrents = new LocalTorrents({
    open: tell => {
      log.push('open');
      gone = tell;
      if (problems !== '') return Promise.reject(new Error(problems));
      return Promise.resolve({ engine, read: () => undefined, end: () => (log.push('end'), Promise.resolve()) });
    },
    room: () => (Number.isNaN(room) ? Promise.reject(new Error('not now')) : Promise.resolve(room)),
    after: (_ms, callback) => {
      looks.push(callback);
      return () => void looks.splice(looks.indexOf(callback), 1);
    },
    mark: () => undefined,
    replaced: () => log.push('replaced'),
  });
  return {
    torrents,
    log,
    looks,
    closed: () => closing(),
    gone: (problem: string) => gone(problem),
    break: (to = true) => (isBroken = to),
    mend: (to = '') => (problems = to),
    fill: (bytes = 0) => (room = bytes),
  };
}

describe('the torrents of the browser by itself', () => {
  it('are at work as soon as this worker is the one at work and somebody is there, and rest with the last window', async () => {
    const { torrents, log, closed } = setUp();
    torrents.wake();
    // Who asks what there is before it is known waits.
    const isKnown = torrents.settled().then(() => torrents.isReady);
    await Promise.resolve();
    expect(log).toEqual([]);
    torrents.begin();
    expect(await isKnown).toBe(true);
    expect(log).toEqual(['open', 'replaced', 'room 7000000000']);
    const resting = torrents.rest();
    await expect.poll(() => log.at(-1)).toBe('close');
    // Somebody comes while it ends: the next engine waits until all is on the disk.
    torrents.wake();
    expect(log.filter(what => what === 'open')).toHaveLength(1);
    closed();
    await resting;
    await torrents.settled();
    expect(log.slice(3)).toEqual(['close', 'end', 'replaced', 'open', 'replaced', 'room 7000000000']);
    const over = torrents.close();
    await expect.poll(() => log.at(-1)).toBe('close');
    closed();
    await over;
    torrents.wake();
    await expect(torrents.run({ do: 'pause', ids: [] })).rejects.toThrow('being updated');
  });

  it('stand in the place of the browser, whatever a window asks, and take their files with them', async () => {
    const { torrents, log } = setUp();
    torrents.wake();
    torrents.begin();
    await torrents.run({ do: 'start', id: A, priorities: null, root: 'elsewhere' });
    await torrents.run({ do: 'remove', ids: [A], withData: false });
    expect(log.slice(-2)).toEqual([`start ${BROWSER_ROOT}`, 'remove with data']);
    expect(torrents.rows().map(({ root }) => root)).toEqual([BROWSER_ROOT]);
    await expect(torrents.run({ do: 'relocate', ids: [A], root: 'x' })).rejects.toThrow('Only the helper can move them');
  });

  it('hear every few seconds how much room there is', async () => {
    const { torrents, log, looks, fill } = setUp();
    torrents.wake();
    torrents.begin();
    await torrents.settled();
    await expect.poll(() => looks.length).toBe(1);
    expect(torrents.place()).toMatchObject({ token: BROWSER_ROOT, free: 7e9, problem: '' });
    fill();
    looks[0]?.();
    await expect.poll(() => log.at(-1)).toBe('room 0');
    expect(torrents.place().free).toBe(0);
  });

  it('say why they cannot be there, and are tried again when somebody comes again', async () => {
    const { torrents, mend } = setUp('This browser keeps no data for the app.');
    torrents.wake();
    torrents.begin();
    await expect(torrents.run({ do: 'pause', ids: [A] })).rejects.toThrow('This browser keeps no data for the app.');
    expect(torrents.place().problem).toBe('This browser keeps no data for the app.');
    expect([torrents.isReady, torrents.rows(), torrents.settings()]).toEqual([false, [], null]);
    mend();
    await torrents.rest();
    torrents.wake();
    await torrents.settled();
    expect([torrents.isReady, torrents.problem]).toEqual([true, '']);
  });

  it('are at work again after an engine that failed at its end', async () => {
    const { torrents, log, ...world } = setUp();
    torrents.wake();
    torrents.begin();
    await torrents.settled();
    world.break();
    await expect(torrents.rest()).rejects.toThrow('it is broken');
    expect([log.at(-1), torrents.isReady]).toEqual(['end', false]);
    torrents.wake();
    await torrents.settled();
    expect(torrents.isReady).toBe(true);
  });

  it('go on hearing of room where it could not be told once, and where somebody came back before they had ended', async () => {
    const { torrents, log, looks, fill } = setUp();
    torrents.wake();
    torrents.begin();
    await torrents.settled();
    await expect.poll(() => looks.length).toBe(1);
    fill(NaN);
    looks.shift()?.();
    await expect.poll(() => looks.length).toBe(1);
    expect(torrents.place().free).toBe(7e9);
    const resting = torrents.rest();
    torrents.wake();
    await resting;
    await torrents.settled();
    expect(looks).toHaveLength(1);
    fill(5);
    looks.shift()?.();
    await expect.poll(() => log.at(-1)).toBe('room 5');
  });

  it('are opened anew where the browser has closed their storage, and again until it gives one', async () => {
    const { torrents, log, looks, closed, gone, mend } = setUp();
    torrents.wake();
    torrents.begin();
    await torrents.settled();
    await expect.poll(() => looks.length).toBe(1);
    gone('The browser has closed the storage of this app.');
    gone('The browser has closed the storage of this app.');
    await expect.poll(() => log.at(-1)).toBe('close');
    mend('This browser keeps no data for the app.');
    closed();
    await torrents.settled();
    expect([torrents.isReady, torrents.place().problem]).toEqual([false, 'The browser has closed the storage of this app.']);
    expect(looks).toHaveLength(1);
    looks.shift()?.();
    await torrents.settled();
    expect(torrents.place().problem).toBe('This browser keeps no data for the app.');
    mend();
    expect(looks).toHaveLength(1);
    looks.shift()?.();
    await torrents.settled();
    expect([torrents.isReady, torrents.problem]).toEqual([true, '']);
    expect(log.filter(what => what === 'close')).toHaveLength(1);
    expect(log.filter(what => what === 'open')).toHaveLength(3);
  });
});
