import { describe, expect, it, test } from 'vitest';
import type { Command } from '../../sw/api.ts';
import { API_VERSION, type FromWorker } from '../../sw/api.ts';
import { ApiServer } from '../../sw/api-server.ts';
import { refusal } from '../../sw/engine/index.ts';
import type { Giver, Taker } from '../../sw/delivery.ts';
import type { Shelf } from '../../sw/shelf.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { Settings, TorrentRow } from '../../sw/view-model.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { LOST, PLACE, ROOTS, UNPAIRED, CONNECTED } from '../fakes/mock-torrents.ts';

import { A, B, C, NEW, setUp } from './shelf.ts';

const namesOf = (rows: readonly TorrentRow[]): string[] => rows.map(({ id, root }) => `${id[0]} ${root}`);

describe('one list', () => {
  it('has the torrents of both, and one that both have once: the helper’s', () => {
    const { shelf } = setUp([A, C], [B, C]);
    expect(namesOf(shelf.rows())).toEqual(['a host', 'c host', 'b browser']);
    expect(shelf.detail(C)?.comment).toBe('host');
    expect(shelf.detail(B)?.comment).toBe(BROWSER_ROOT);
    expect(shelf.roots()).toEqual([...ROOTS, PLACE]);
    expect(namesOf(shelf.shared.rows())).toEqual(['a host', 'c host']);
  });

  it('changes with both; what the helper removes is seen again as this browser has it', () => {
    const { shelf, paired, local } = setUp([A, C], [B, C]);
    shelf.rows();
    local.changes = { rows: [local.put(B), local.put(C)], removed: [], left: [] };
    paired.changes = { rows: [paired.put(A)], removed: [], left: [] };
    // What this browser has of one of the helper's is a part of that row.
    expect(namesOf(shelf.takeChanges().rows)).toEqual(['a host', 'c host', 'b browser']);
    paired.list.delete(C);
    paired.changes = { rows: [], removed: [C], left: [] };
    const bared = shelf.takeChanges();
    expect(bared.removed).toEqual([C]);
    expect(namesOf(bared.rows)).toEqual(['c browser']);
    local.list.delete(C);
    local.changes = { rows: [], removed: [C], left: [] };
    expect(shelf.takeChanges().removed).toEqual([C]);
  });

  it('hides what this browser has of a torrent as soon as the helper has it, and when its list is another', () => {
    const { shelf, paired, local } = setUp([], [B]);
    expect(namesOf(shelf.rows())).toEqual(['b browser']);
    paired.changes = { rows: [paired.put(B)], removed: [], left: [] };
    local.changes = { rows: [local.put(B)], removed: [B], left: [] };
    const changes = shelf.takeChanges();
    expect(namesOf(changes.rows)).toEqual(['b host']);
    expect(changes.removed).toEqual([]);
    paired.list.delete(B);
    shelf.replaced();
    expect(shelf.detail(B)?.comment).toBe(BROWSER_ROOT);
  });
});

describe('what is exported', () => {
  it('is asked of whoever has it, one side at a time, and refused where that is away', async () => {
    const { shelf, paired, local } = setUp([A, C], [B]);
    const ask = { do: 'export', withFiles: true } as const;
    await shelf.run({ ...ask, ids: [A, B, C] });
    await shelf.run({ ...ask, ids: [B] });
    expect(paired.asked).toEqual([{ ...ask, ids: [A, C] }]);
    expect(local.asked).toEqual([{ ...ask, ids: [B] }]);
    paired.refusal = refusal('daemon-away');
    await expect(shelf.run({ ...ask, ids: [A] })).rejects.toMatchObject({ code: 'daemon-away' });
  });
});

describe('what is added', () => {
  it('goes to the helper where there is one, and stays here where this browser has it', async () => {
    const { shelf, paired, local } = setUp();
    expect(await shelf.run(NEW)).toEqual(paired.added);
    expect(local.asked).toEqual([]);
    const again = setUp([A], [B]);
    again.paired.added = { id: B, already: false, brought: false, isBack: false };
    again.local.added = { id: B, already: true, brought: false, isBack: false };
    expect(await again.shelf.run(NEW)).toEqual(again.local.added);
    expect(again.paired.asked.map(({ do: what }) => what)).toEqual(['add', 'remove']);
  });

  it.each([
    ['there is none', 'unpaired'],
    ['it is away', 'daemon-away'],
  ] as const)('goes to this browser where %s', async (_why, code) => {
    const { shelf, paired, local } = setUp();
    paired.refusal = refusal(code);
    expect(await shelf.run(NEW)).toEqual(local.added);
    paired.isReachable = false;
    paired.asked.length = 0;
    await shelf.run(NEW);
    expect(paired.asked).toEqual([]);
    expect(local.asked).toEqual([NEW, NEW]);
  });

  it('is refused with the words of the helper where that refuses it', async () => {
    const { shelf, paired, local } = setUp();
    paired.refusal = refusal('superseded');
    await expect(shelf.run(NEW)).rejects.toMatchObject({ code: 'superseded' });
    expect(local.asked).toEqual([]);
  });
});

describe('what was measured', () => {
  const ask = async (shelf: Shelf, of: string | null = null) => {
    const answer = await shelf.run({ do: 'history', span: 'minutes', of });
    return answer !== null && 'told' in answer && answer.told === 'history' ? answer.history : expect.unreachable();
  };

  it('is asked of those who are at work, and of one torrent of whoever has it', async () => {
    const { shelf, paired, local } = setUp();
    local.measured = [7];
    expect((await ask(shelf)).down).toEqual([7]);
    expect(paired.asked).toEqual([]);
    paired.taker = {} as Taker;
    await ask(shelf, A);
    await ask(shelf, B);
    await shelf.run({ do: 'vitals' });
    expect(paired.asked.map(({ do: what }) => what)).toEqual(['history', 'vitals']);
    expect(local.asked).toHaveLength(2);
    paired.taker = null;
    local.isReady = false;
    await expect(ask(shelf)).rejects.toThrow('is being started');
  });
});

describe('what is asked', () => {
  it('is done by whoever has the torrent, each its own, and refused once all was tried', async () => {
    const { shelf, paired, local } = setUp([A, C], [B, C]);
    await shelf.run({ do: 'pause', ids: [A, B, C] });
    expect(paired.asked).toEqual([{ do: 'pause', ids: [A, C] }]);
    expect(local.asked).toEqual([{ do: 'pause', ids: [B] }]);
    await shelf.run({ do: 'start', id: B, priorities: null, root: 'x' });
    expect(local.asked.at(-1)?.do).toBe('start');
    paired.refusal = refusal('daemon-away');
    await expect(shelf.run({ do: 'resume', ids: [A, B] })).rejects.toMatchObject({ code: 'daemon-away' });
    expect(local.asked.at(-1)).toEqual({ do: 'resume', ids: [B] });
    await shelf.run({ do: 'reconnect' }).catch(() => undefined);
    expect(paired.asked.at(-1)).toEqual({ do: 'reconnect' });
  });

  it('is taken back here whatever becomes of what the helper has', async () => {
    const { shelf, paired, local } = setUp([A, C], [B, C]);
    paired.refusal = refusal('daemon-away');
    await expect(shelf.run({ do: 'takeBack', ids: [A, B, C] })).rejects.toMatchObject({ code: 'daemon-away' });
    expect(local.asked).toEqual([{ do: 'takeBack', ids: [B, C] }]);
  });

  it('of settings is done by both, by this browser alone where it is not paired, and by neither where the helper is away', async () => {
    const { shelf, paired, local } = setUp();
    const set: Command = { do: 'configure', settings: { downLimit: 5_000 } };
    await shelf.run(set);
    expect([paired.asked, local.asked]).toEqual([[set], [set]]);
    paired.state = UNPAIRED;
    paired.set = null;
    await shelf.run(set);
    expect([paired.asked, local.asked]).toEqual([[set], [set, set]]);
    expect(shelf.settings()).toBe(local.set);
    paired.state = LOST;
    paired.refusal = refusal('daemon-away');
    await expect(shelf.run(set)).rejects.toMatchObject({ code: 'daemon-away' });
    expect(local.asked).toHaveLength(2);
  });

  it('of how things stand says what this browser does by itself', () => {
    const { shelf, local } = setUp();
    expect(shelf.connection().browser).toEqual({ isReady: true, problem: '', saving: [{ id: B, isWhole: true }] });
    local.isReady = false;
    local.problem = 'This browser keeps no data.';
    expect(shelf.connection().browser).toEqual({
      isReady: false,
      problem: 'This browser keeps no data.',
      saving: [{ id: B, isWhole: true }],
    });
  });
});

describe('what both have, or are to have', () => {
  /** Engines that write down what they are told. */
  function engines() {
    const said: string[] = [];
    const set: Settings = { ...DEFAULT_SETTINGS, downLimit: 100_000 };
    const engine = {
      settings: DEFAULT_SETTINGS,
      has: (_id: string) => true,
      rows: (): TorrentRow[] => [],
      giving: {
        ids: () => [B, C],
        hold: (id: string, isHeld: boolean) => said.push(`${id[0]} ${isHeld ? 'held' : 'let go'}`),
        gift: () => null,
        name: 'us',
        isLost: () => false,
      },
      configure: (settings: Settings) => (engine.settings = settings),
      share: ({ down, up }: { down: number; up: number }) => said.push(`${down} ${up} elsewhere`),
    };
    const giver = { engine, read: () => undefined } as unknown as Giver;
    const awaited = new Map<string, string>();
    const taker = {
      taking: {
        isHere: (id: string) => id === C,
        canTake: () => false,
        awaitedFrom: () => [],
        isKept: () => false,
        awaited: (id: string) => awaited.get(id) ?? null,
        obstacleTo: () => null,
      },
      remove: (id: string) => said.push(`${id[0]} taken back`),
    } as unknown as Taker;
    return { said, set, giver, engine, taker, awaited };
  }

  it('does nothing in this browser, keeps to the settings of the helper, and has what its limits leave', () => {
    const { shelf, paired, local, look } = setUp([A, C], [B, C]);
    const { said, set, giver, engine } = engines();
    [local.giver, paired.set] = [giver, set];
    for (const id of [A, C]) paired.list.set(id, { ...paired.list.get(id), down: 30_000, up: 7 } as TorrentRow);
    look();
    expect(engine.settings).toEqual(set);
    expect(said.splice(0)).toEqual(['60000 14 elsewhere', 'b let go', 'c held']);
    paired.state = UNPAIRED;
    paired.set = null;
    look();
    expect(said).toEqual(['0 0 elsewhere', 'b let go', 'c let go']);
    expect(namesOf(shelf.rows())).toEqual(['a host', 'b browser', 'c browser']);
    shelf.replaced();
  });

  it('is moved where a person says so, and back; what goes, goes from both', async () => {
    const { shelf, paired, local } = setUp([A, C], [B, C], []);
    const { said, giver, taker, awaited } = engines();
    const move: Command = { do: 'relocate', ids: [B], root: ROOTS[0]!.token };
    paired.state = UNPAIRED;
    await expect(shelf.run(move)).rejects.toMatchObject({ code: 'needs-helper' });
    paired.state = { ...CONNECTED, following: 'Firefox' };
    await expect(shelf.run(move)).rejects.toMatchObject({ code: 'move-followed' });
    paired.state = CONNECTED;
    await expect(shelf.run(move)).rejects.toMatchObject({ code: 'move-away' });
    [local.giver, paired.taker] = [giver, taker];
    await shelf.run(move);
    expect(said.filter(what => what.startsWith('b'))).toEqual(['b held']);
    expect([paired.asked, local.asked]).toEqual([[], []]);
    awaited.set(C, 'us');
    expect([A, B, C].map(id => shelf.isReadHere(id))).toEqual([false, true, true]);
    await shelf.run({ do: 'relocate', ids: [B, C], root: BROWSER_ROOT });
    expect(said).toContain('c taken back');
    expect(said.at(-2)).toBe('b let go');
    await expect(shelf.run({ do: 'relocate', ids: [A], root: BROWSER_ROOT })).rejects.toMatchObject({ code: 'not-here' });
    await shelf.run({ do: 'relocate', ids: [A], root: 'x' });
    expect(paired.asked).toEqual([{ do: 'relocate', ids: [A], root: 'x' }]);
    await shelf.run({ do: 'remove', ids: [C], withData: false });
    expect(paired.asked.at(-1)).toEqual({ do: 'remove', ids: [C], withData: false });
    // The helper may have but a part of it.
    expect(local.asked).toEqual([]);
    await shelf.run({ do: 'remove', ids: [C], withData: true });
    expect(local.asked).toEqual([{ do: 'remove', ids: [C], withData: true }]);
  });

  it('waits its turn in the words of one that is moved, where this browser is to bring it', () => {
    const { shelf, paired, local } = setUp([A, C], [B, C], []);
    const { giver, engine, taker, awaited } = engines();
    engine.has = (id: string) => id !== A;
    [local.giver, paired.taker] = [giver, taker];
    for (const [id, store] of [
      [A, 'another'],
      [C, 'us'],
    ] as const)
      awaited.set(id, store);
    const problem = { code: 'bringing', moved: 1, of: 2, isHere: false } as const;
    for (const id of [A, C]) paired.list.set(id, { ...paired.list.get(id), problem } as TorrentRow);
    paired.changes = { rows: paired.rows(), removed: [], left: [] };
    const isHere = (rows: readonly TorrentRow[]) => rows.map(row => row.problem?.code === 'bringing' && row.problem.isHere);
    expect(isHere(shelf.rows().slice(0, 2))).toEqual([false, true]);
    const changes = shelf.takeChanges();
    expect(isHere(changes.rows)).toEqual([false, true]);
    expect(isHere(changes.shared?.rows ?? [])).toEqual([false, false]);
    paired.taker = null;
    expect(isHere(shelf.rows().slice(0, 2))).toEqual([false, false]);
    // And what is here of it is told with it, to windows of this browser alone.
    expect(shelf.rows().map(({ inBrowser }) => inBrowser)).toEqual([undefined, { done: 5, isMoving: false }, undefined]);
    paired.taker = taker;
    awaited.set(C, 'another');
    expect(isHere(shelf.rows().slice(0, 2))).toEqual([false, false]);
    expect(shelf.shared.rows().some(row => 'inBrowser' in row)).toBe(false);
  });

  it('is this browser’s again where no helper has been found for half a minute, and the helper’s once there is one', () => {
    const { shelf, paired, local, look, turns } = setUp([A, C], [B, C], []);
    const { said, giver, taker } = engines();
    [local.giver, paired.state] = [giver, LOST];
    for (let second = 0; second < 29; second++) look();
    expect([namesOf(shelf.rows()), turns()]).toEqual([['a host', 'c host', 'b browser'], 0]);
    said.length = 0;
    look();
    expect(said.slice(-2)).toEqual(['b let go', 'c let go']);
    expect([namesOf(shelf.rows()), turns()]).toEqual([['a host', 'b browser', 'c browser'], 1]);
    expect(shelf.isOwn(C)).toBe(true);
    [paired.state, paired.taker] = [CONNECTED, taker];
    shelf.replaced();
    expect(said.slice(-2)).toEqual(['b let go', 'c held']);
    expect([namesOf(shelf.rows()), turns()]).toEqual([['a host', 'c host', 'b browser'], 2]);
    // One that is there, and at work in another way, sees to what it has.
    paired.taker = null;
    paired.state = { ...LOST, superseded: true };
    for (let second = 0; second < 60; second++) look();
    expect(turns()).toBe(2);
  });

  it('does not keep others from their turn where it fails, and that is said once', () => {
    const { shelf, paired, local, look } = setUp([A, C], [B, C], []);
    const { said, giver, engine, taker } = engines();
    [local.giver, paired.taker] = [giver, taker];
    engine.giving.ids = () => [C, B];
    engine.giving.hold = (id: string) => {
      if (id === C) throw new TypeError('no such piece');
      return said.push(`${id[0]} looked at`);
    };
    look();
    look();
    expect(said.filter(what => what.endsWith('looked at'))).toEqual(['b looked at', 'b looked at']);
    expect(shelf.takeNotices()).toEqual([{ code: 'not-moved', values: { name: 'host', why: 'no such piece' } }]);
    engine.share = () => {
      throw new Error('closed');
    };
    shelf.replaced();
    look();
    engine.share = () => 0;
    look();
    expect(said.filter(what => what.endsWith('looked at'))).toHaveLength(3);
    expect(shelf.takeNotices()).toEqual([{ code: 'nothing-moves', values: { why: 'closed' } }]);
  });
});

test('a browser that follows is shown, and may do, what the helper has, and nothing of this browser by itself', async () => {
  const { shelf, paired, local } = setUp();
  const server = new ApiServer(shelf, { shown: () => undefined, focused: () => undefined, windowsChanged: () => undefined });
  const told: FromWorker[] = [];
  let hear: (message: unknown) => void = () => undefined;
  let leave: () => void = () => undefined;
  const listen = (heard: (message: unknown) => void, closed: () => void): void => {
    [hear, leave] = [heard, closed];
  };
  server.connectRelayed({ post: message => told.push(message), close: () => undefined, listen }, 'follower', API_VERSION, true);
  expect(told).toMatchObject([
    { type: 'snapshot', torrents: [{ id: A }], roots: ROOTS, connection: { browser: CONNECTED.browser } },
  ]);
  // Also of what goes from here.
  local.changes = { rows: [local.put(B)], removed: ['d'.repeat(40)], left: [] };
  paired.changes = { rows: [paired.put(C)], removed: [], left: [] };
  hear({ type: 'command', id: 1, command: { do: 'pause', ids: [B] } });
  await expect.poll(() => told.length).toBe(3);
  expect(told.slice(1)).toMatchObject([
    { type: 'delta', torrents: [{ id: C }], removed: [] },
    { type: 'reply', id: 1 },
  ]);
  expect([paired.asked.length, local.asked.length]).toEqual([1, 0]);
  hear({ type: 'watch', visible: true, detail: B, part: null });
  hear({ type: 'watch', visible: true, detail: A, part: null });
  await expect.poll(() => told.at(-1)).toMatchObject({ type: 'delta', detail: { comment: 'host' } });
  expect(told.filter(message => message.type === 'delta' && message.detail !== null)).toHaveLength(1);
  leave();
});
