import bencode from 'bencode';
import { describe, expect, it, test } from 'vitest';
import { Announcer } from '../../sw/engine/announce.ts';
import { readAnnounce } from '../../sw/engine/trackers.ts';
import { announceUrl } from '../../sw/engine/codec/tracker.ts';
import { Ids } from '../../sw/engine/effects.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { reachOf } from '../../sw/engine/reach.ts';
import type { Reach } from '../../sw/engine/reach.ts';
import { readTiers } from '../../sw/engine/tiers.ts';

const NOTHING = new Uint8Array(0);

/** Just below 1, it leaves every order as it is. */
function setUp(tiers: string[][], random = () => 0.999, reach: Pick<Reach, 'tracker'> = { tracker: () => true }) {
  const effects: Effect[] = [];
  const partial = { yes: false };
  const announcer = new Announcer(
    'ab'.repeat(20),
    () => ({ uploaded: 1, downloaded: 2, left: 3, isPartialSeed: partial.yes, port: 6881 }),
    { peerId: new Uint8Array(20).fill(65), key: () => 7, ids: new Ids(), random, reach },
    effect => effects.push(effect),
  );
  announcer.add(tiers, 0);
  const asked = (): { request: number; url: string }[] =>
    effects
      .splice(0)
      .filter(effect => effect.do === 'announce')
      .map(({ request, url, announce }) => ({ request, url: announceUrl(url, announce) }));
  return { announcer, asked, partial, effects };
}

/** What the HTTP port tells of a tracker, as the announcer hears it. */
function respond(announcer: Announcer, request: number, problem: string, status: number, body: Uint8Array, now: number) {
  return announcer.answered(request, problem === '' ? readAnnounce(status, body) : { failure: problem, refused: false }, now);
}

function answer(fields: Record<string, unknown>): Uint8Array {
  return Uint8Array.from(bencode.encode(fields));
}

test('a tracker that never answered is not said to have, and one that names nobody is not said to have named none', () => {
  const { announcer, asked, effects } = setUp([['http://a/announce'], ['wss://b/']]);
  announcer.start(0);
  const [a, b] = asked();
  const body = answer({ interval: 1800, peers: [] });
  respond(announcer, a!.request, 'No answer in time.', 0, NOTHING, 5_000);
  const { answeredAt, failedAt } = announcer.trackers[0]!;
  expect([answeredAt, failedAt]).toEqual([-Infinity, 5_000]);
  respond(announcer, b!.request, '', 200, body, 6_000);
  expect(announcer.trackers[1]).toMatchObject({ answeredAt: 6_000, failedAt: -Infinity });
  announcer.again('http://a/announce', 90_000);
  const notes = effects.filter(effect => effect.do === 'note').map(({ what, count }) => [what, count]);
  const [again] = asked();
  respond(announcer, again!.request, '', 200, body, 91_000);
  notes.push(...effects.filter(effect => effect.do === 'note').map(({ what, count }): [typeof what, number] => [what, count]));
  expect(notes).toEqual([
    ['tracker-failed', 0],
    ['tracker-answered', -1],
    ['tracker-answered', 0],
  ]);
});

test('without datagrams those over WebSocket alone are asked, in every tier; the others wait for an engine that can', () => {
  const tiers = [['http://a/announce', 'wss://b/'], ['udp://c:80'], ['https://d/', 'http://e/'], ['wss://f/'], ['ws://g/']];
  const { announcer, asked } = setUp(tiers, undefined, reachOf(false));
  announcer.start(0);
  const hosts = () => asked().map(({ url }) => new URL(url).host);
  expect(hosts()).toEqual(['b', 'f']);
  const states = { b: 'announcing', f: 'announcing', g: 'unsupported' };
  for (const { url, state, failures } of announcer.trackers) {
    expect(state).toBe(states[new URL(url).hostname as keyof typeof states] ?? 'out-of-reach');
    expect(failures).toBe(0);
  }
  announcer.again('udp://c:80', 1);
  announcer.again(null, 1);
  announcer.complete(2);
  announcer.tick(1e9);
  expect(hosts()).toEqual([]);
  announcer.edit([['http://h/']], 3);
  expect(announcer.trackers.map(({ state }) => state)).toEqual(['out-of-reach']);
  expect(announcer.nextAt()).toBe(Infinity);
  announcer.stop(true);
  expect(hosts()).toEqual([]);
});

test('one tracker of every tier hears of us, over HTTP, UDP and WebSocket', () => {
  const tiers = [
    ['http://a/announce', 'http://b/announce'],
    ['udp://c:80'],
    ['ws://d/', 'udp://no-port/'],
    ['https://e/', 'wss://f/'],
  ];
  const { announcer, asked } = setUp(tiers);
  announcer.start(0);
  expect(asked().map(({ url }) => new URL(url).host)).toEqual(['a', 'c:80', 'e', 'f']);
  expect(announcer.trackers.map(({ state }) => state)).toEqual([
    'announcing',
    'idle',
    'announcing',
    'unsupported',
    'unsupported',
    'announcing',
    'announcing',
  ]);
});

test('where one fails the next of its tier takes over at once, and a tier that fails whole waits longer each time', () => {
  const { announcer, asked } = setUp([['http://a/', 'http://b/']]);
  announcer.start(0);
  const [first] = asked();
  respond(announcer, first!.request, 'connection refused', 0, NOTHING, 0);
  const [second] = asked();
  expect(new URL(second!.url).host).toBe('b');
  respond(announcer, second!.request, 'timed out', 0, NOTHING, 0);
  const waits: number[] = [];
  let now = 0;
  for (let round = 0; round < 6; round++) {
    const at = announcer.nextAt();
    waits.push(at - now);
    now = at;
    announcer.tick(now);
    for (const { request } of asked()) respond(announcer, request, 'timed out', 0, NOTHING, now);
  }
  expect(Math.min(...waits.slice(1).filter(wait => wait > 0))).toBeGreaterThanOrEqual(15_000);
  expect(now).toBeGreaterThan(60_000);
});

test('a refusal is told as the tracker words it, and an answer keeps to sane intervals', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.start(0);
  respond(announcer, asked()[0]!.request, '', 200, answer({ 'failure reason': 'unregistered torrent' }), 0);
  expect(announcer.trackers[0]).toMatchObject({ state: 'error', refused: true, text: 'unregistered torrent' });
  announcer.tick(15_000);
  const peers = respond(
    announcer,
    asked()[0]!.request,
    '',
    200,
    answer({ interval: 1, complete: 4, incomplete: 5, peers: Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1) }),
    15_000,
  );
  expect(peers).toEqual([{ host: '10.0.0.1', port: 6881 }]);
  expect(announcer.trackers[0]).toMatchObject({ state: 'ok', refused: false, seeds: 4, leechers: 5, peers: 1, nextAt: 75_000 });
});

test('garbage and HTTP errors are failures, not refusals', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.start(0);
  respond(announcer, asked()[0]!.request, '', 200, Uint8Array.of(1, 2, 3), 0);
  expect(announcer.trackers[0]).toMatchObject({ state: 'error', refused: false });
  announcer.tick(20_000);
  respond(announcer, asked()[0]!.request, '', 503, new TextEncoder().encode('<html>busy'), 20_000);
  expect(announcer.trackers[0]).toMatchObject({ state: 'error', refused: false });
});

test('it says started once, completed once, and stopped to those who know of us', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/']]);
  const event = ({ url }: { url: string }): string | null => new URL(url).searchParams.get('event');
  announcer.start(0);
  const [a, b] = asked();
  expect([event(a!), event(b!)]).toEqual(['started', 'started']);
  respond(announcer, a!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 0);
  announcer.complete(1_000);
  const [completed] = asked();
  expect(event(completed!)).toBe('completed');
  respond(announcer, completed!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 1_000);
  announcer.tick(61_000);
  const [regular] = asked();
  expect(event(regular!)).toBeNull();
  respond(announcer, regular!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 61_000);
  announcer.stop(true);
  expect(asked().map(request => [new URL(request.url).host, event(request)])).toEqual([['a', 'stopped']]);
});

test('who runs out of peers asks again after five minutes, or after what the tracker allows', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/'], ['http://c/']]);
  announcer.start(0);
  const [a, b, c] = asked();
  respond(announcer, a!.request, '', 200, answer({ interval: 1800, peers: NOTHING }), 0);
  respond(announcer, b!.request, '', 200, answer({ interval: 1800, 'min interval': 900, peers: NOTHING }), 0);
  respond(announcer, c!.request, '', 200, answer({ interval: 120, peers: NOTHING }), 0);
  announcer.watch(false, [], 500);
  expect(announcer.trackers.map(({ nextAt }) => nextAt)).toEqual([1_800_000, 1_800_000, 120_000]);
  announcer.watch(false, [{ stage: 'open' }], 700);
  announcer.watch(false, [{ stage: 'connecting' }], 1_000);
  expect(announcer.trackers.map(({ nextAt }) => nextAt)).toEqual([300_000, 900_000, 120_000]);
  announcer.tick(400_000);
  expect(asked().map(({ url }) => new URL(url).host)).toEqual(['a', 'c']);
});

test('no interval is shorter than the least that the tracker allows', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.start(0);
  respond(announcer, asked()[0]!.request, '', 200, answer({ interval: 100, 'min interval': 700, peers: NOTHING }), 0);
  expect(announcer.trackers[0]?.nextAt).toBe(700_000);
});

test('a tracker that was being told of our start hears of our end at once after it, and only once', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/']]);
  const event = ({ url }: { url: string }): string | null => new URL(url).searchParams.get('event');
  announcer.start(0);
  const [a, b] = asked();
  respond(announcer, a!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 0);
  announcer.complete(1_000);
  const [first] = asked();
  respond(announcer, first!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 1_500);
  respond(announcer, b!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 2_000);
  announcer.tick(2_000);
  const [second] = asked();
  expect([event(first!), event(second!)]).toEqual(['completed', 'completed']);
  respond(announcer, second!.request, 'timed out', 0, NOTHING, 3_000);
  announcer.tick(18_000);
  const [again] = asked();
  expect(event(again!)).toBe('completed');
  respond(announcer, again!.request, '', 200, answer({ interval: 60, peers: NOTHING }), 18_000);
  announcer.tick(90_000);
  expect(asked().map(event)).toEqual([null, null]);
});

const hostOf = ({ url }: { url: string }): string => new URL(url).host;
const eventOf = ({ url }: { url: string }): string | null => new URL(url).searchParams.get('event');
const fine = (interval = 1800): Uint8Array => answer({ interval, peers: NOTHING });

test('the trackers of a tier are tried in an order by chance, and kept in the one given', () => {
  const urls = [['http://a/', 'http://b/', 'http://c/'], ['http://d/']];
  const { announcer, asked } = setUp(urls, () => 0);
  announcer.start(0);
  expect(asked().map(hostOf)).toEqual(['b', 'd']);
  expect(announcer.urls).toEqual(urls);
});

test('one that answered is the first of its tier from then on', () => {
  const { announcer, asked } = setUp([['http://a/', 'http://b/']]);
  announcer.start(0);
  respond(announcer, asked()[0]!.request, 'refused', 0, NOTHING, 0);
  respond(announcer, asked()[0]!.request, '', 200, fine(), 0);
  announcer.stop(true);
  expect(asked().map(request => [hostOf(request), eventOf(request)])).toEqual([['b', 'stopped']]);
  announcer.start(10_000);
  expect(asked().map(hostOf)).toEqual(['b']);
});

test('one taken away hears that we leave, one added of our start, and the others nothing', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/']]);
  announcer.start(0);
  for (const { request } of asked()) respond(announcer, request, '', 200, fine(), 0);
  announcer.edit([['http://b/'], ['http://c/', 'http://d/']], 5_000);
  expect(asked().map(request => [hostOf(request), eventOf(request)])).toEqual([
    ['a', 'stopped'],
    ['c', 'started'],
  ]);
  expect(announcer.urls).toEqual([['http://b/'], ['http://c/', 'http://d/']]);
  expect(announcer.trackers.map(({ tier }) => tier)).toEqual([0, 1, 1]);
});

test('of two that come into one tier the one that is not the first leaves', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/']]);
  announcer.start(0);
  for (const { request } of asked()) respond(announcer, request, '', 200, fine(), 0);
  announcer.edit([['http://a/', 'http://b/']], 5_000);
  expect(asked().map(request => [hostOf(request), eventOf(request)])).toEqual([['b', 'stopped']]);
  announcer.tick(1_800_000);
  const [a] = asked();
  respond(announcer, a!.request, 'timed out', 0, NOTHING, 1_800_000);
  expect(asked().map(hostOf)).toEqual(['b']);
});

test('while it rests nobody hears of an edit', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.edit([['http://b/'], ['http://c/']], 0);
  expect(asked()).toEqual([]);
  announcer.start(0);
  expect(asked().map(hostOf)).toEqual(['b', 'c']);
});

test('asked again by hand it waits for what the tracker allows, and no longer', () => {
  const { announcer, asked } = setUp([['http://a/'], ['http://b/']]);
  announcer.start(0);
  const [a, b] = asked();
  respond(announcer, a!.request, '', 200, answer({ interval: 1800, 'min interval': 120, peers: NOTHING }), 0);
  respond(announcer, b!.request, '', 200, fine(), 0);
  announcer.again(null, 70_000);
  expect(asked().map(hostOf)).toEqual(['b']);
  announcer.tick(119_000);
  expect(asked()).toEqual([]);
  announcer.tick(120_000);
  expect(asked().map(hostOf)).toEqual(['a']);
});

test('a partial seed says so where there is nothing else to say', () => {
  const { announcer, asked, partial } = setUp([['http://a/']]);
  partial.yes = true;
  announcer.start(0);
  const [first] = asked();
  expect(eventOf(first!)).toBe('started');
  respond(announcer, first!.request, '', 200, fine(60), 0);
  announcer.tick(60_000);
  expect(asked().map(eventOf)).toEqual(['paused']);
});

test('a hybrid is announced under both hashes, and takes peers from both answers', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.otherHash = 'cd'.repeat(20);
  announcer.start(0);
  const [one, other] = asked();
  const hashes = [one, other].map(request => /info_hash=([^&]*)/.exec(request!.url)?.[1]);
  expect(hashes).toEqual(['%AB'.repeat(20), '%CD'.repeat(20)]);
  const peers = answer({ interval: 1800, complete: 9, incomplete: 9, peers: Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1) });
  expect(respond(announcer, other!.request, '', 200, peers, 0)).toEqual([{ host: '10.0.0.1', port: 6881 }]);
  expect(announcer.trackers[0]).toMatchObject({ state: 'announcing', seeds: -1 });
  respond(announcer, one!.request, '', 200, fine(), 0);
  announcer.stop(true);
  expect(asked().map(eventOf)).toEqual(['stopped', 'stopped']);
});

test('what a tracker answers over the other family of addresses takes the place of its first answer', () => {
  const { announcer, asked } = setUp([['http://a/']]);
  announcer.start(0);
  const [{ request } = { request: 0 }] = asked();
  respond(announcer, request, '', 200, fine(), 0);
  const { nextAt } = announcer.trackers[0]!;
  const peers = Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1, 10, 0, 0, 2, 0x1a, 0xe1);
  const both = answer({ interval: 60, complete: 7, incomplete: 8, peers });
  expect(respond(announcer, request, '', 200, both, 100)).toHaveLength(2);
  expect(announcer.trackers[0]).toMatchObject({ state: 'ok', peers: 2, seeds: 7, leechers: 8, nextAt });
  respond(announcer, request, 'No answer in time.', 0, NOTHING, 200);
  expect(announcer.trackers[0]).toMatchObject({ state: 'ok', text: '', peers: 2 });
  announcer.stop(true);
  expect(respond(announcer, request, '', 200, both, 300)).toEqual([]);
});

describe('tiers that a person edits', () => {
  it('are read in one spelling, each tracker once, none empty', () => {
    expect(readTiers([[' HTTP://A/x ', 'http://b'], ['http://a/x'], [], ['udp://c:1']])).toEqual([
      ['http://a/x', 'http://b/'],
      ['udp://c:1'],
    ]);
  });

  it.each(['tracker', 'ftp://a/', 'http://', '', 'javascript:alert(1)'])('are refused with %j, in words', text => {
    expect(() => readTiers([['http://a/'], [text]])).toThrow(/is no address of a tracker/);
  });

  it('hold a hundred trackers', () => {
    const many = Array.from({ length: 101 }, (_, index) => [`http://a${index}/`]);
    expect(readTiers(many.slice(0, 100))).toHaveLength(100);
    expect(() => readTiers(many)).toThrow(/100 trackers/);
  });
});
