/** What strangers send to a socket that speaks uTP: nothing of it takes more than it may, nor ends anything but their own. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyPacket, readPacket } from '../../../daemon/io/utp/packet.ts';
import { seeded, VirtualClock } from '../../sim/clock.ts';
import { mutate } from '../../fuzz/mutate.ts';
import { Host, Path } from './path.ts';

function packet(type: number, id: number, seq: number, ack: number, payload = Buffer.alloc(0), window = 1 << 20): Buffer {
  const header = Buffer.alloc(20);
  header[0] = (type << 4) | 1;
  header.writeUInt16BE(id, 2);
  header.writeUInt32BE(window, 12);
  header.writeUInt16BE(seq, 16);
  header.writeUInt16BE(ack, 18);
  return Buffer.concat([header, payload]);
}

const SYN = 4;
const DATA = 0;

describe('a flood of SYNs', () => {
  it('has 128 answered, eight of one address, and is forgotten within seconds', () => {
    const path = new Path(20);
    const { utp, held } = path.far;
    for (let id = 0; id < 1_000; id++) utp.receive(packet(SYN, id * 3, 1, 0), '10.0.0.1', 5);
    expect(utp.count).toBe(8);
    for (let host = 0; host < 10_000; host++) utp.receive(packet(SYN, host, 1, 0), `10.1.${host >> 8}.${host & 255}`, 5);
    expect(utp.count).toBe(128);
    path.clock.run(6_000);
    expect([utp.count, held.bytes, path.far.accepted.length]).toEqual([0, 0, 0]);
    expect(path.join()).toHaveLength(2);
  });

  it('keeps nobody out: the oldest goes for who asks last', () => {
    const path = new Path(27);
    let host = 0;
    const flood = (): void => {
      for (let i = 0; i < 10; i++, host++)
        path.far.utp.receive(packet(SYN, host, 1, 0), `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`, 5);
      path.clock.after(50, flood);
    };
    flood();
    path.clock.run(2_000);
    path.near.connect('far').stream.write(Buffer.from('hello'));
    expect(path.clock.run(500, () => path.far.accepted.length === 1)).toBe(true);
  });

  it('counts as of one address over IPv6 where it comes from one /64', () => {
    const { utp } = new Host(new VirtualClock(), 'six', seeded(28), () => undefined, 0, 6);
    for (let i = 1; i < 100; i++) utp.receive(packet(SYN, i * 3, 1, 0), `2001:db8:0:1::${i.toString(16)}`, 5);
    expect(utp.count).toBe(8);
    utp.receive(packet(SYN, 1, 1, 0), '2001:db8::1', 5);
    utp.receive(packet(SYN, 1, 1, 0), '2001:db8:0:2::1', 5);
    expect(utp.count).toBe(10);
  });

  it('is told of nowhere before something has come, by one who heard the answer', () => {
    const path = new Path(21);
    path.far.utp.receive(packet(SYN, 7, 1, 0), '10.0.0.1', 5);
    for (const ack of [0, 1, 2, 3]) path.far.utp.receive(packet(DATA, 8, 2, ack, Buffer.from('x')), '10.0.0.1', 5);
    expect(path.far.accepted).toEqual([]);
  });
});

describe('packets of no connection', () => {
  it('are reset twenty times a second, and resets never', () => {
    const path = new Path(22);
    const before = path.far.sent;
    for (let i = 0; i < 1_000; i++) path.far.utp.receive(packet(DATA, i, 1, 0, Buffer.from('x')), '10.0.0.1', 5);
    expect(path.far.sent - before).toBe(20);
    path.clock.run(2_000);
    for (let i = 0; i < 1_000; i++) path.far.utp.receive(packet(3, i, 1, 0), '10.0.0.1', 5);
    expect(path.far.sent - before).toBe(20);
    expect(path.far.utp.receive(Buffer.from('d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:pinge'), '10.0.0.1', 5)).toBe(false);
    expect(path.far.utp.receive(Buffer.alloc(20), '10.0.0.1', 5)).toBe(false);
  });
});

describe('within a connection', () => {
  /** A connection to the far side, whose numbers are known, and a way to speak in its name. */
  function joined(seed: number) {
    const path = new Path(seed);
    let last = Buffer.alloc(0);
    path.far.filter = datagram => {
      last = Buffer.from(datagram);
      return false;
    };
    const [near, far] = path.join();
    path.near.filter = () => true;
    const [id, seq, ack] = [last.readUInt16BE(2), last.readUInt16BE(16), last.readUInt16BE(18)];
    const say = (datagram: Buffer): boolean => path.far.utp.receive(datagram, 'near', 6881);
    return { path, near, far, id, seq, ack, say };
  }

  it('huge packets out of order are held as far as the window, whatever came before', () => {
    const { path, far, id, seq, ack, say } = joined(23);
    for (let i = 1; i < 1_000; i++) say(packet(DATA, id, (seq + 1 + i) & 0xffff, ack, Buffer.alloc(60_000)));
    expect(path.far.held.bytes).toBeLessThan(1.1 * (1 << 20));
    for (let i = 1; i < 60_000; i++) say(packet(DATA, id, (seq + 1 + i) & 0xffff, ack, Buffer.alloc(1)));
    expect(path.far.held.bytes).toBeLessThan(2.1 * (1 << 20));
    expect(far.isClosed).toBe(false);
    far.stream.destroy();
    path.clock.run(10_000);
    expect([path.far.held.bytes, path.far.utp.count]).toEqual([0, 0]);
  });

  it('what is missing may be so for half a minute, and what is held behind it leaves some for others', () => {
    const path = new Path(29);
    let last = Buffer.alloc(0);
    const host = new Host(path.clock, 'held', path.random, datagram => (last = Buffer.from(datagram)));
    const held: number[] = [];
    for (let i = 0; i < 100; i++) {
      const say = (datagram: Buffer): boolean => host.utp.receive(datagram, `10.0.0.${i}`, 5);
      say(packet(SYN, 100, 0, 0));
      const ack = (last.readUInt16BE(16) - 1) & 0xffff;
      say(packet(DATA, 101, 1, ack, Buffer.from('x')));
      path.clock.run(1);
      const before = host.held.bytes;
      for (let seq = 3; seq < 1_000; seq++) say(packet(DATA, 101, seq, ack, Buffer.alloc(1_000)));
      held.push(host.held.bytes - before);
    }
    expect(held[0]).toBeGreaterThan(900_000);
    expect(held[0]).toBeLessThan(1 << 20);
    expect(held.at(-1)).toBeGreaterThan(60_000);
    path.clock.run(29_000);
    expect([host.utp.count, host.accepted.length]).toEqual([100, 100]);
    path.clock.run(2_000);
    expect([host.utp.count, host.held.bytes]).toEqual([0, 0]);
  });

  it('acknowledgements of what was never sent, and selective ones without end, change nothing', () => {
    const { path, far, id, seq, say } = joined(24);
    far.stream.write(Buffer.alloc(100_000));
    path.clock.run(10);
    const unsent = far.stream.writableLength;
    for (let ack = 0; ack < 65_536; ack += 5) {
      const extended = packet(2, id, seq, ack);
      extended[1] = 1;
      say(Buffer.concat([extended, Buffer.from([0, 252]), Buffer.alloc(252, 0xff)]));
    }
    path.clock.run(10);
    expect(far.isClosed).toBe(false);
    expect(far.stream.writableLength).toBeLessThanOrEqual(unsent);
    // A mask longer than a datagram can have is none.
    const cut = packet(2, id, seq, 0);
    cut[1] = 1;
    expect(readPacket(Buffer.concat([cut, Buffer.from([0, 255]), Buffer.alloc(100)]), emptyPacket())).toBe(false);
  });

  it('a hundred thousand packets at random, and a hundred thousand that are nearly right, end nothing but themselves', () => {
    const random = seeded(25);
    const path = new Path(26);
    const [near] = path.join();
    const seen: Buffer[] = [];
    const keep = (datagram: Buffer): boolean => {
      if (seen.length < 500) seen.push(Buffer.from(datagram));
      return false;
    };
    path.far.filter = keep;
    near.stream.write(randomBytes(200_000));
    path.clock.run(5_000);
    for (let i = 0; i < 100_000; i++) {
      const noise = randomBytes(20 + (i % 60));
      noise[0] = ((i % 5) << 4) | 1;
      path.far.utp.receive(noise, i % 2 === 0 ? 'near' : '10.0.0.1', 6881);
      const model = seen[i % seen.length] as Buffer;
      path.far.utp.receive(Buffer.from(mutate(model, seen[(i * 7) % seen.length] as Buffer, random)), 'near', 6881);
      if (i % 1000 === 0) path.clock.run(100);
    }
    path.clock.run(120_000);
    expect(path.far.held.bytes).toBeLessThanOrEqual(path.far.held.most);
    // And others still get in.
    const other = path.near.connect('far');
    const before = path.far.accepted.length;
    other.stream.write(Buffer.from('hello'));
    expect(path.clock.run(30_000, () => path.far.accepted.length > before)).toBe(true);
  });
});
