import { expect, test } from 'vitest';
import { RtcLinks } from '../../sw/engine/rtc-links.ts';
import type { Joined, RtcEvents } from '../../sw/engine/rtc-links.ts';
import type { NewOffer } from '../../sw/engine/ws-trackers.ts';

const HASH = 'ab'.repeat(20);

interface Standing {
  readonly name: string;
}

function setUp(own = '-'.repeat(20)) {
  const made: { events: RtcEvents<Standing>; answeredWith: string; closed: boolean }[] = [];
  const make = (events: RtcEvents<Standing>) => {
    const link = { events, answeredWith: '', closed: false };
    made.push(link);
    return { answered: (sdp: string) => void (link.answeredWith = sdp), close: () => void (link.closed = true) };
  };
  let counter = 0;
  const joined: Joined<Standing>[] = [];
  const maker = { isOpen: true, offer: make, answer: (_sdp: string, events: RtcEvents<Standing>) => make(events) };
  const links = new RtcLinks<Standing>(
    maker,
    () => own,
    count => new Uint8Array(count).fill(counter++),
    link => joined.push(link),
    (_infoHash, peerId) => !peerId.startsWith('met'),
  );
  const offers: NewOffer[] = [];
  const offer = (now = 0) => links.offer(HASH, now, batch => offers.push(...batch));
  const signal = (offerId: string, peerId = 'p'.repeat(20)) => ({ infoHash: HASH, peerId, offerId, sdp: 'v=9' });
  return { links, maker, made, joined, offers, offer, signal };
}

const standing = { name: 'it' };

test('five offers at once, told together when all are described or failed, twenty in all', () => {
  const { made, offers, offer } = setUp();
  offer();
  expect(made).toHaveLength(5);
  made.slice(0, 4).forEach(({ events }) => events.described('v=0', 1));
  expect(offers).toEqual([]);
  made[4]?.events.ended(1);
  expect(offers).toHaveLength(4);
  expect(new Set(offers.map(({ offerId }) => offerId)).size).toBe(4);
  for (let round = 0; round < 9; round++) offer();
  expect(made.length).toBe(21);
});

test('an answer completes the offer that it names, once, and no other', () => {
  const { links, made, offers, offer, signal, joined } = setUp();
  offer();
  made.forEach(({ events }) => events.described('v=0', 1));
  links.answered(signal('not ours'), 2);
  links.answered({ ...signal(offers[0]?.offerId ?? ''), infoHash: 'cd'.repeat(20) }, 2);
  expect(made.every(({ answeredWith }) => answeredWith === '')).toBe(true);
  links.answered(signal(offers[0]?.offerId ?? ''), 2);
  links.answered(signal(offers[0]?.offerId ?? '', 'q'.repeat(20)), 2);
  expect(made.filter(({ answeredWith }) => answeredWith === 'v=9')).toHaveLength(1);
  made[0]?.events.opened(standing, 3);
  expect(joined).toEqual([{ standing, infoHash: HASH, peerId: 'p'.repeat(20), isOurs: true }]);
  // The same peer by another of our offers is turned away.
  links.answered(signal(offers[1]?.offerId ?? ''), 4);
  expect(made[1]).toMatchObject({ answeredWith: '', closed: true });
});

test('offers are answered up to forty peers, each once, and places come free', () => {
  const { links, made, signal, joined } = setUp();
  const answers: string[] = [];
  const peer = (index: number) => String(index).padStart(20, 'x');
  for (let index = 0; index < 50; index++) {
    links.offered(signal('o', peer(index)), 0, sdp => answers.push(sdp));
    const { events } = made.at(-1)!;
    events.described('v=1', 1);
    events.opened(standing, 2);
  }
  links.offered(signal('o', peer(0)), 0, sdp => answers.push(sdp));
  expect([made.length, answers.length, joined.length]).toEqual([40, 40, 40]);
  links.tick(1e9);
  links.offered(signal('o', peer(60)), 3, () => undefined);
  expect(made).toHaveLength(40);
  made[0]!.events.ended(3);
  links.offered(signal('o', peer(60)), 3, () => undefined);
  expect(made).toHaveLength(41);
});

test('made-up peers hold ten places of a torrent and twenty in all: there is room for ours, and for others when they age', () => {
  const { links, made, offer, offers, signal } = setUp();
  const flood = (infoHash: string, now: number) => {
    const before = made.length;
    for (let index = 0; index < 30; index++) {
      links.offered({ ...signal('o', `${index}`.padStart(20, 'x')), infoHash }, now, () => undefined);
    }
    return made.length - before;
  };
  expect([HASH, 'cd'.repeat(20), 'ef'.repeat(20)].map(infoHash => flood(infoHash, 0))).toEqual([10, 10, 0]);
  // Those that are described and connect hold their places as well.
  made.forEach(({ events }) => events.described('v=1', 1));
  expect(flood(HASH, 2)).toBe(0);
  offer(2);
  made.slice(20).forEach(({ events }) => events.described('v=0', 2));
  expect(offers).toHaveLength(5);
  links.answered(signal(offers[0]!.offerId, 'o'.repeat(20)), 3);
  expect(made[20]?.answeredWith).toBe('v=9');
  made[0]!.events.opened(standing, 3);
  expect(flood(HASH, 3)).toBe(1);
  links.tick(30_002);
  expect(flood('ef'.repeat(20), 30_002)).toBe(10);
});

test('offers age, and so does what never opens; without a lender none are made', () => {
  const { links, maker, made, offer, offers, signal } = setUp();
  offer();
  made.slice(0, 4).forEach(({ events }) => events.described('v=0', 0));
  links.tick(10_001);
  expect(made[4]?.closed).toBe(true);
  expect(offers).toHaveLength(4);
  links.tick(50_001);
  expect(made.every(({ closed }) => closed)).toBe(true);
  links.answered(signal(offers[0]?.offerId ?? ''), 50_002);
  expect(links.isIdle).toBe(true);
  links.offered(signal('o'), 60_000, () => undefined);
  links.tick(70_001);
  expect(made.at(-1)?.closed).toBe(true);
  maker.isOpen = false;
  const before = made.length;
  offer(80_000);
  links.offered(signal('o'), 80_000, () => undefined);
  expect(made.length).toBe(before);
});

test('our own offers are not answered', () => {
  const { links, made, signal } = setUp();
  links.offered(signal('o', '-'.repeat(20)), 0, () => undefined);
  expect(made).toHaveLength(0);
});

test.each([
  ['lesser', 'a', true],
  ['greater', 'z', false],
])('of two offers that crossed the one of the lesser id stays: ours is the %s', (_which, own, ours) => {
  const { links, made, offers, offer, signal } = setUp(own.repeat(20));
  offer();
  made.forEach(({ events }) => events.described('v=0', 0));
  links.offered(signal('theirs'), 1, () => undefined);
  links.answered(signal(offers[0]?.offerId ?? ''), 2);
  expect(made[0]).toMatchObject({ answeredWith: ours ? 'v=9' : '', closed: !ours });
  expect(made[5]).toMatchObject({ closed: ours });
});

test('once there is nobody to make connections, all are let go, and who waits for offers gets what there is', () => {
  const { links, made, offers, offer, signal } = setUp();
  offer();
  made[0]?.events.described('v=0', 0);
  links.offered(signal('o'), 1, () => undefined);
  links.clear(2);
  expect(offers).toHaveLength(1);
  expect(made.every(({ closed }) => closed)).toBe(true);
  expect(links.isIdle).toBe(true);
});

test('a peer that would not be taken is neither answered nor connected to', () => {
  const { links, made, offers, offer, signal } = setUp();
  links.offered(signal('o', 'met'.padEnd(20, '-')), 0, () => undefined);
  expect(made).toHaveLength(0);
  offer();
  made.forEach(({ events }) => events.described('v=0', 0));
  links.answered(signal(offers[0]?.offerId ?? '', 'met'.padEnd(20, '-')), 1);
  expect(made[0]).toMatchObject({ answeredWith: '', closed: true });
});
