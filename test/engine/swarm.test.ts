import { describe, expect, test } from 'vitest';
import { connectionRank } from '../../sw/engine/rank.ts';
import { Swarm } from '../../sw/engine/swarm.ts';

const at = (host: string, port = 6881) => ({ host, port });
const FAILED = { worked: false, fruitful: false, isSeed: false };

describe('the swarm', () => {
  test('tries an address three times, ever later, and then gives it up', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1'), 'tracker');
    const tries: number[] = [];
    for (let now = 0; now < 600_000; now += 1000) {
      const address = swarm.next(now);
      if (!address) continue;
      tries.push(now);
      swarm.ended(address, FAILED, now);
    }
    expect(tries).toHaveLength(3);
    expect(tries[2]! - tries[1]!).toBeGreaterThan(tries[1]! - tries[0]!);
    expect(swarm.size).toBe(0);
    expect(swarm.add(at('10.0.0.1'), 'tracker')).toBe(true);
  });

  test('waits ever longer for one that brings nothing, and leaves seeds alone when asked to', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1'), 'tracker');
    const waits: number[] = [];
    let ended = 0;
    for (let now = 0; now < 600_000; now += 1000) {
      if (!swarm.next(now)) continue;
      waits.push(now - ended);
      ended = now;
      swarm.ended(at('10.0.0.1'), { worked: true, fruitful: false, isSeed: true }, now);
    }
    expect(waits.length).toBeLessThan(9);
    expect(swarm.hasNext(1e9, true)).toBe(false);
    expect(swarm.next(1e9, true)).toBeNull();
    expect(swarm.next(1e9)).not.toBeNull();
  });

  test('goes by rank, but those tried in vain come after those not tried', () => {
    const swarm = new Swarm(({ port }) => port);
    for (const port of [2, 9, 4]) swarm.add(at(`10.0.0.${port}`, port), 'tracker');
    expect(swarm.next(0)?.port).toBe(9);
    swarm.ended(at('10.0.0.9', 9), FAILED, 0);
    expect([swarm.next(1e6)?.port, swarm.next(1e6)?.port, swarm.next(1e6)?.port]).toEqual([4, 2, 9]);
    expect(swarm.next(1e6)).toBeNull();
  });

  test('never connects to a busy or banned one, nor remembers without limit', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1', 1), 'tracker');
    expect(swarm.next(0)).not.toBeNull();
    expect(swarm.next(0)).toBeNull();
    swarm.ban('10.0.0.1');
    expect(swarm.add(at('10.0.0.1', 2), 'tracker')).toBe(false);
    for (let host = 0; host < 5000; host++) swarm.add(at(`10.1.${host >> 8}.${host & 255}`), 'tracker');
    expect(swarm.size).toBe(2000);
    const other = new Swarm(() => 0);
    expect(other.add(at('10.0.0.3', 0), 'tracker')).toBe(false);
    expect(other.add(at('10.0.0.3', 70000), 'tracker')).toBe(false);
  });

  test('leaves an address alone whose owner came to us, until it goes', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1'), 'tracker');
    swarm.occupy(at('10.0.0.1'), 'tcp');
    swarm.occupy(at('10.0.0.2'), 'tcp');
    expect(swarm.next(0)).toBeNull();
    // Nor is one dialled that came before anybody named it.
    swarm.add(at('10.0.0.2'), 'pex', '10.0.0.1');
    expect([swarm.next(0), swarm.take(at('10.0.0.2'))]).toEqual([null, null]);
    swarm.ended(at('10.0.0.1'), { worked: true, fruitful: true, isSeed: false }, 0);
    expect(swarm.next(60_000)).toMatchObject(at('10.0.0.1'));
    expect(swarm.next(60_000)).toBeNull();
    swarm.ended(at('10.0.0.2'), { worked: true, fruitful: false, isSeed: false }, 60_000);
    expect(swarm.take(at('10.0.0.2'))).toMatchObject(at('10.0.0.2'));
    expect([swarm.take(at('10.0.0.2')), swarm.take(at('10.0.0.3'))]).toEqual([null, null]);
  });

  test('is tried once without a cipher, at once, where agreeing on one failed', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1'), 'tracker');
    expect(swarm.next(0)).toEqual({ ...at('10.0.0.1'), plain: false, v2: false, transport: 'tcp' });
    swarm.retryPlain(at('10.0.0.1'));
    expect(swarm.next(0)).toEqual({ ...at('10.0.0.1'), plain: true, v2: false, transport: 'tcp' });
    swarm.ended(at('10.0.0.1'), FAILED, 0);
    expect(swarm.next(60_000)).toEqual({ ...at('10.0.0.1'), plain: false, v2: false, transport: 'tcp' });
  });

  test('is known to speak v2 from then on, whoever names it', () => {
    const swarm = new Swarm(() => 0);
    swarm.speaksV2(at('10.0.0.1'));
    swarm.add(at('10.0.0.1'), 'tracker');
    swarm.add(at('10.0.0.2'), 'tracker');
    swarm.speaksV2(at('10.0.0.1'));
    swarm.add(at('10.0.0.1'), 'pex');
    expect([swarm.next(0), swarm.next(0)]).toMatchObject([
      { host: '10.0.0.1', v2: true },
      { host: '10.0.0.2', v2: false },
    ]);
  });

  test('takes no more than a share from hearsay, nor from one teller, and few ports of one host', () => {
    const swarm = new Swarm(() => 0);
    for (let host = 0; host < 3000; host++) swarm.add(at(`10.1.${host >> 8}.${host & 255}`), 'pex', '10.0.0.1');
    expect(swarm.size).toBe(200);
    for (let host = 0; host < 3000; host++) swarm.add(at(`10.2.${host >> 8}.${host & 255}`), 'pex', `10.0.1.${host & 255}`);
    expect(swarm.size).toBe(1000);
    // A tracker that names one of them vouches for it, and makes room for another.
    swarm.add(at('10.1.0.1'), 'tracker');
    expect(swarm.add(at('10.3.0.1'), 'pex', '10.0.0.9')).toBe(true);
    for (let port = 1; port < 1000; port++) swarm.add(at('10.9.9.9', port), 'tracker');
    expect(swarm.size).toBe(1001 + 8);
    swarm.keepTrackersOwn();
    expect(swarm.size).toBe(9);
    expect(swarm.add(at('10.1.0.7'), 'pex', '10.0.0.1')).toBe(true);
  });

  test('bans a host at its third breach, and forgets the oldest of too many', () => {
    const swarm = new Swarm(() => 0);
    swarm.add(at('10.0.0.1'), 'tracker');
    expect([swarm.breached('10.0.0.1'), swarm.breached('10.0.0.1')]).toEqual([false, false]);
    expect(swarm.isBanned('10.0.0.1')).toBe(false);
    expect(swarm.breached('10.0.0.1')).toBe(true);
    expect(swarm.isBanned('10.0.0.1')).toBe(true);
    expect(swarm.next(0)).toBeNull();
    for (let host = 0; host < 4000; host++) swarm.ban(`10.1.${host >> 8}.${host & 255}`);
    expect(swarm.isBanned('10.0.0.1')).toBe(false);
    expect(swarm.isBanned('10.1.0.0')).toBe(true);
  });

  test('costs no more to ask with 2,000 addresses that may not be tried yet than with 20', () => {
    const cost = (count: number): number => {
      let ranked = 0;
      const swarm = new Swarm(() => ranked++);
      for (let host = 0; host < count; host++) swarm.add(at(`10.1.${host >> 8}.${host & 255}`), 'tracker');
      for (let address = swarm.next(0); address; address = swarm.next(0)) swarm.ended(address, FAILED, 0);
      ranked = 0;
      for (let now = 0; now < 20_000; now += 100) swarm.next(now);
      return ranked;
    };
    expect([cost(20), cost(2000)]).toEqual([0, 0]);
  });

  test('keeps its queues in bounds however often a peer comes and goes', () => {
    const swarm = new Swarm(() => 0);
    for (let host = 0; host < 100; host++) swarm.add(at(`10.1.0.${host}`), 'tracker');
    for (let round = 0; round < 20_000; round++) {
      swarm.occupy(at('10.1.0.1'), 'tcp');
      swarm.ended(at('10.1.0.1'), { worked: true, fruitful: true, isSeed: false }, 0);
    }
    const met = new Set<string>();
    for (let address = swarm.next(1e9); address; address = swarm.next(1e9)) met.add(address.host);
    expect(met.size).toBe(100);
  });
});

describe('the canonical rank of a connection', () => {
  const rank = (a: string, b: string, ports: [number, number] = [1, 2]): number =>
    connectionRank({ host: a, port: ports[0] }, { host: b, port: ports[1] });

  test('is that of BEP 40', () => {
    expect(rank('123.213.32.10', '98.76.54.32')).toBe(0xec2d7224);
    expect(rank('123.213.32.10', '123.213.32.234')).toBe(0x99568189);
  });

  test('is the same from both ends, of IPv6 and of two ports at one address too', () => {
    expect(rank('98.76.54.32', '123.213.32.10')).toBe(0xec2d7224);
    expect(rank('2001:db8::1', '2a00:1450::5')).toBe(rank('2a00:1450::5', '2001:db8::1'));
    expect(rank('10.0.0.1', '10.0.0.1', [6881, 6882])).toBe(rank('10.0.0.1', '10.0.0.1', [6882, 6881]));
    expect(rank('10.0.0.1', '10.0.0.1', [6881, 6882])).not.toBe(rank('10.0.0.1', '10.0.0.1', [6881, 6883]));
  });

  test('is one for all addresses that an owner of a network could choose from', () => {
    const bits = (text: string): number => rank('123.213.32.10', text);
    // Of the last two octets every other bit counts alone.
    expect(bits('98.76.54.32')).toBe(bits('98.76.54.34'));
    expect(rank('2001:db8::1', '2a00:1450:4001::1')).toBe(rank('2001:db8::1', '2a00:1450:4001::2b'));
    expect(bits('::1')).toBe(0);
  });
});
