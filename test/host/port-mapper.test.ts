import { expect, test } from 'vitest';
import { PortMapper } from '../../daemon/host/portmap/mapper.ts';
import { type Lease, LEASE_SECONDS, type Network, type Router, RouterError } from '../../daemon/host/portmap/router.ts';
import type { RouterState, PortWish } from '../../daemon/wire/control.ts';

const MINUTE = 60_000;
const HOME: Network = { gateway: '192.168.1.1', address: '192.168.1.7' };
const WISHES: PortWish[] = [
  { protocol: 'tcp', port: 6881 },
  { protocol: 'udp', port: 6881 },
];

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

class FakeClock {
  time = 0;
  /** What a sleep of the computer adds. */
  slept = 0;
  private timers: { at: number; callback: () => void }[] = [];

  readonly clock = {
    wall: () => this.time + this.slept,
    after: (ms: number, callback: () => void) => {
      const timer = { at: this.time + ms, callback };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter(other => other !== timer));
    },
  };

  get pending(): number {
    return this.timers.length;
  }

  async run(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter(timer => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.callback();
      await settled();
    }
    this.time = end;
  }
}

/** A router that speaks one protocol, and what it was asked, with the minute that it was asked in. */
class FakeRouter {
  readonly asked: string[] = [];
  readonly open = new Map<string, number>();
  refuses: RouterError | null = null;
  refusesUdp = false;
  forgot = false;
  address = '81.2.69.142';
  lifetime = LEASE_SECONDS;
  taken: number | null = null;
  isClosed = 0;

  constructor(
    readonly via: Router['via'],
    private readonly time: () => number,
  ) {}

  way = (): Router => ({
    via: this.via,
    map: ({ protocol, port }, suggested): Promise<Lease> => {
      this.note(`map ${protocol} ${port} ${suggested}`);
      if (this.refuses !== null) return Promise.reject(this.refuses);
      if (this.refusesUdp && protocol === 'udp') return Promise.reject(new RouterError('refused', 'no more'));
      const externalPort = suggested === this.taken ? 40_000 : suggested;
      this.open.set(`${protocol} ${port}`, externalPort);
      return Promise.resolve({ externalPort, externalAddress: this.address, lifetime: this.lifetime });
    },
    unmap: ({ protocol, port }, externalPort): Promise<void> => {
      this.note(`unmap ${protocol} ${port} ${externalPort}`);
      this.open.delete(`${protocol} ${port}`);
      return this.refuses === null ? Promise.resolve() : Promise.reject(this.refuses);
    },
    remembers: (): Promise<boolean> => {
      this.note('check');
      return this.refuses === null ? Promise.resolve(!this.forgot) : Promise.reject(this.refuses);
    },
    close: () => void (this.isClosed += 1),
  });

  private note(what: string): void {
    this.asked.push(`${Math.floor(this.time() / MINUTE)}: ${what}`);
  }
}

const SILENT = new RouterError('silent', 'No answer.');
const REFUSED = new RouterError('refused', 'It does not allow it.');

function setUp() {
  const clock = new FakeClock();
  const world = { network: HOME as Network | null, networks: 'a' };
  const time = () => clock.time;
  const [pcp, natPmp, upnp] = [new FakeRouter('pcp', time), new FakeRouter('nat-pmp', time), new FakeRouter('upnp', time)];
  const told: RouterState[] = [];
  const mapper: PortMapper = new PortMapper({
    network: () => Promise.resolve(world.network),
    networksNow: () => world.networks,
    ways: [pcp.way, natPmp.way, upnp.way],
    clock: clock.clock,
    random: () => 0,
    changed: () => told.push(mapper.state),
    log: () => undefined,
  });
  return { clock, world, pcp, natPmp, upnp, told, mapper };
}

const mapped = (...external: number[]) => WISHES.map((wish, index) => ({ ...wish, externalPort: external[index] }));

test('ports are opened under their own number, prolonged half-way through the lease, and checked in between', async () => {
  const { clock, pcp, natPmp, told, mapper } = setUp();
  mapper.want(WISHES);
  await clock.run(61 * MINUTE);
  expect(told.map(({ state }) => state)).toEqual(['asking', 'open']);
  expect(mapper.state).toEqual({
    state: 'open',
    via: 'pcp',
    externalAddress: '81.2.69.142',
    problem: '',
    mappings: mapped(6881, 6881),
  });
  expect(natPmp.asked).toEqual([]);
  const maps = pcp.asked.filter(what => what.includes('map'));
  expect(maps).toEqual([0, 30, 60].flatMap(at => [`${at}: map tcp 6881 6881`, `${at}: map udp 6881 6881`]));
  expect(pcp.asked.filter(what => what.includes('check')).map(what => parseInt(what))).toEqual([
    5, 10, 15, 20, 25, 35, 40, 45, 50, 55,
  ]);
});

test('a port given under another number is wished for again as that, and the other protocol follows it', async () => {
  const { clock, pcp, mapper } = setUp();
  pcp.taken = 6881;
  mapper.want(WISHES);
  await clock.run(31 * MINUTE);
  expect(mapper.state.mappings).toEqual(mapped(40_000, 40_000));
  expect(pcp.asked.filter(what => what.includes('map'))).toEqual([
    '0: map tcp 6881 6881',
    '0: map udp 6881 40000',
    '30: map tcp 6881 40000',
    '30: map udp 6881 40000',
  ]);
});

test('the next protocol is tried where one is silent or refuses, and a port that is not to be had costs no other', async () => {
  const { clock, pcp, natPmp, upnp, mapper } = setUp();
  pcp.refuses = SILENT;
  natPmp.refuses = REFUSED;
  upnp.refusesUdp = true;
  mapper.want(WISHES);
  await clock.run(MINUTE);
  expect(mapper.state).toMatchObject({ state: 'open', via: 'upnp', mappings: mapped(6881, 0) });
  expect([pcp.isClosed, natPmp.isClosed, upnp.isClosed]).toEqual([1, 1, 0]);
});

test('what a router forgot, or lost with its power, is asked for again within minutes', async () => {
  const { clock, pcp, upnp, told, mapper } = setUp();
  mapper.want(WISHES);
  await clock.run(4 * MINUTE);
  pcp.forgot = true;
  await clock.run(2 * MINUTE);
  pcp.forgot = false;
  expect(pcp.asked.slice(2)).toEqual(['5: check', '5: map tcp 6881 6881', '5: map udp 6881 6881']);
  pcp.refuses = SILENT;
  await clock.run(5 * MINUTE);
  expect(mapper.state).toMatchObject({ state: 'open', via: 'nat-pmp' });
  expect(upnp.asked).toEqual([]);
  expect(told.map(({ via }) => via)).toEqual(['', 'pcp', 'nat-pmp']);
});

test('failures are told by what they mean, and tried again less and less often', async () => {
  const { clock, world, pcp, natPmp, upnp, mapper } = setUp();
  for (const router of [pcp, natPmp, upnp]) router.refuses = SILENT;
  mapper.want(WISHES);
  await clock.run(5 * 60 * MINUTE);
  expect(mapper.state).toMatchObject({ state: 'failed', problem: 'no-answer', via: '', mappings: mapped(0, 0) });
  expect(pcp.asked.map(what => parseInt(what))).toEqual([0, 0, 2, 5, 11, 23, 47, 92, 137, 182, 227, 272]);
  upnp.refuses = REFUSED;
  world.networks = 'b';
  await clock.run(MINUTE);
  expect(mapper.state).toMatchObject({ state: 'failed', problem: 'refused' });
  for (const router of [pcp, natPmp, upnp]) router.refuses = SILENT;
  world.network = { gateway: '81.2.69.1', address: '81.2.69.2' };
  world.networks = 'c';
  await clock.run(MINUTE);
  expect(mapper.state).toMatchObject({ state: 'failed', problem: 'public-address' });
  world.network = null;
  world.networks = 'd';
  await clock.run(MINUTE);
  expect(mapper.state).toMatchObject({ state: 'failed', problem: 'no-router' });
});

test('an address outside that is private is told', async () => {
  for (const address of ['10.0.0.1', '100.64.3.4', '192.168.0.3', '169.254.1.1', '127.0.0.1', '::1', 'no address']) {
    const { clock, pcp, mapper } = setUp();
    pcp.address = address;
    mapper.want(WISHES);
    await clock.run(1000);
    expect(mapper.state, address).toMatchObject({ state: 'open', problem: 'double-nat' });
  }
});

test('in another network, and after a sleep, the router there is asked at once', async () => {
  const { clock, world, pcp, mapper } = setUp();
  mapper.want(WISHES);
  await clock.run(MINUTE);
  world.network = { ...HOME, address: '192.168.1.8' };
  world.networks = 'b';
  await clock.run(MINUTE);
  expect(pcp.asked).toHaveLength(4);
  expect(pcp.isClosed).toBe(1);
  clock.slept += 8 * 60 * MINUTE;
  await clock.run(20_000);
  expect(pcp.asked.slice(4)).toEqual(['2: map tcp 6881 6881', '2: map udp 6881 6881']);
  // A short sleep is no reason but to check.
  clock.slept += 2 * MINUTE;
  await clock.run(20_000);
  expect(pcp.asked.slice(6)).toEqual(['2: check']);
});

test('what is not wished for any more is given back at once, and wishes that waver cost few questions', async () => {
  const { clock, pcp, mapper } = setUp();
  mapper.want(WISHES);
  await clock.run(1000);
  mapper.want([WISHES[0]!]);
  await clock.run(10_000);
  expect([...pcp.open.keys()]).toEqual(['tcp 6881']);
  mapper.want([]);
  await clock.run(1);
  expect(pcp.open.size).toBe(0);
  expect(mapper.state.state).toBe('off');
  expect(clock.pending).toBe(0);
  const before = pcp.asked.length;
  for (let second = 0; second < 60; second++) {
    mapper.want(second % 2 === 0 ? WISHES : []);
    await clock.run(1000);
  }
  expect(pcp.asked.length - before).toBeLessThan(60);
});

test('at the end all is given back, and a router that is silent then is not waited for', async () => {
  const { clock, pcp, mapper } = setUp();
  mapper.want(WISHES);
  await clock.run(1000);
  await mapper.stop();
  expect(pcp.open.size).toBe(0);
  expect(pcp.isClosed).toBe(1);
  expect(clock.pending).toBe(0);
  mapper.want(WISHES);
  await clock.run(MINUTE);
  expect(pcp.open.size).toBe(0);

  const deaf = setUp();
  let isDeaf = false;
  const { way } = deaf.pcp;
  deaf.pcp.way = () => ({ ...way(), unmap: () => new Promise(() => (isDeaf = true)) });
  const late: PortMapper = new PortMapper({
    network: () => Promise.resolve(HOME),
    networksNow: () => '',
    ways: [deaf.pcp.way],
    clock: deaf.clock.clock,
    random: () => 0,
    changed: () => undefined,
    log: () => undefined,
  });
  late.want(WISHES);
  await deaf.clock.run(1000);
  const stopped = late.stop();
  await deaf.clock.run(2000);
  await stopped;
  expect(isDeaf).toBe(true);
  expect(deaf.clock.pending).toBe(0);
});
