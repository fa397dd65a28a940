import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { Inbound } from '../../daemon/io/inbound.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { Rules } from '../../daemon/wire/rules.ts';
import { framed, u32be } from './peer.ts';

const BLOCK = 50;

/** One socket without a network: what it was given, and what came of it in order. */
function socket(maxFrame = 1000) {
  const landing = new Landing(new HashPool(), new MemoryPool());
  const rules = new Rules();
  const events: string[] = [];
  let reserved = 0;
  const inbound = new Inbound(rules, landing, {
    received: bytes => events.push(`received ${bytes.toString('hex')}`),
    landed: (buffer, offset, length) => events.push(`landed ${buffer} ${offset} ${length}`),
    discarded: (length, head) => events.push(`discarded ${length} ${head.toString('hex')}`),
    failed: (reason, length) => events.push(`failed ${reason} ${length}`),
    reserve: bytes => {
      reserved += bytes;
      return true;
    },
  });
  const open = (buffer: number, length: number) => landing.open(buffer, length, new Uint8Array(), []);
  const expectRun = (buffer: number, offset: number, length: number) =>
    rules.add(prefixOf(buffer), buffer, [{ offset, length, block: BLOCK }], id => landing.isOpen(id));
  inbound.framed(maxFrame, new Uint8Array());
  return { landing, rules, inbound, events, open, expectRun, reserved: () => reserved };
}

function prefixOf(buffer: number): Uint8Array {
  return Buffer.concat([Uint8Array.of(7), u32be(buffer)]);
}

function block(buffer: number, offset: number, length = BLOCK, fill = 1): Buffer {
  return framed(prefixOf(buffer), u32be(offset), Buffer.alloc(length, fill));
}

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(body => framed(Uint8Array.of(9), body)),
  fc.constant(framed()),
  fc
    .record({ buffer: fc.integer({ min: 1, max: 3 }), at: fc.nat(4), length: fc.constantFrom(BLOCK, 49, 0) })
    .map(({ buffer, at, length }) => block(buffer, at * BLOCK, length, at + buffer)),
  fc.uint8Array({ maxLength: 3 }).map(body => framed(Uint8Array.of(7), body)),
);

describe('what arrives on a socket', () => {
  it('means the same however it was cut into reads', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.infiniteStream(fc.integer({ min: 1, max: 70 })), (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const run = (sizes: Iterable<number>) => {
          const it = socket();
          it.inbound.credit(1e9);
          it.rules.add(Uint8Array.of(7), 0, [], () => true);
          for (const buffer of [1, 2]) {
            it.open(buffer, 4 * BLOCK);
            it.expectRun(buffer, 0, 3 * BLOCK);
          }
          const next = sizes[Symbol.iterator]();
          const memory = Buffer.alloc(bytes.length);
          for (let at = 0; at < bytes.length;) {
            const count = bytes.copy(memory, 0, at, at + Number(next.next().value ?? bytes.length));
            it.inbound.consume(memory.subarray(0, count));
            memory.fill(0xee);
            at += count;
          }
          expect(it.reserved()).toBe(0);
          return { events: it.events, ranges: it.landing.list().map(({ ranges }) => ranges) };
        };
        expect(run(cuts)).toEqual(run([bytes.length]));
      }),
      { numRuns: 500 },
    );
  });

  it('never forwards more than there is credit for, but for the frame that uses it up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 40 }),
        (lengths, credits) => {
          const it = socket();
          const frames = lengths.map(length => framed(Buffer.alloc(length, 9)));
          it.inbound.consume(Buffer.concat(frames));
          let allowed = 0;
          const check = () => {
            const sizes = it.events.map(event => (event.length - 'received '.length) / 2);
            const last = sizes[sizes.length - 1] ?? 0;
            const all = sizes.reduce((sum, size) => sum + size, 0);
            expect(all - last).toBeLessThanOrEqual(Math.max(0, allowed - (last > 0 ? 1 : 0)));
            expect(frames.slice(0, sizes.length).map(frame => `received ${frame.toString('hex')}`)).toEqual(it.events);
          };
          check();
          for (const credit of credits) {
            allowed += credit;
            it.inbound.credit(credit);
            check();
          }
          it.inbound.credit(1e6);
          expect(it.events.length).toBe(frames.length);
        },
      ),
    );
  });

  it('lands what was asked for without credit, and once', () => {
    const it = socket();
    it.open(1, 200);
    it.expectRun(1, 0, 120);
    it.rules.add(Uint8Array.of(7), 0, [], () => true);
    it.inbound.consume(Buffer.concat([block(1, 0), block(1, 100, 20), block(1, 0), block(1, 150), block(2, 0)]));
    const discarded = (bytes: Buffer) => `discarded ${bytes.length - 4} ${bytes.subarray(4, 24).toString('hex')}`;
    expect(it.events).toEqual([
      'landed 1 0 50',
      'landed 1 100 20',
      discarded(block(1, 0)),
      discarded(block(1, 150)),
      discarded(block(2, 0)),
    ]);
    expect(it.inbound.wantsMore).toBe(true);
  });

  it('lets the longest prefix win', () => {
    const it = socket();
    it.open(1, 100);
    it.rules.add(Uint8Array.of(7), 1, [{ offset: 1, length: 50, block: 50 }], () => true);
    const frame = framed(Uint8Array.of(7), u32be(1), Buffer.alloc(50));
    it.rules.add(frame.subarray(4, 8), 0, [], () => true);
    it.inbound.consume(frame);
    expect(it.events).toEqual([`discarded 55 ${frame.subarray(4, 24).toString('hex')}`]);
    it.rules.withdraw(frame.subarray(4, 8), 0, []);
    it.inbound.consume(frame);
    expect(it.events.slice(1)).toEqual(['landed 1 1 50']);
  });

  it('forwards nothing of a frame that is too long, and ends', () => {
    const it = socket(100);
    it.inbound.credit(1000);
    it.inbound.consume(Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(101))]));
    expect(it.events.map(event => event.slice(0, 10))).toEqual(['received 0', 'failed too']);
    it.inbound.consume(framed(Buffer.alloc(10)));
    expect(it.events).toHaveLength(2);
  });

  it('ends a socket that would hold more than there is memory for, and gives back what it held', () => {
    const landing = new Landing(new HashPool(), new MemoryPool());
    const events: string[] = [];
    let reserved = 0;
    const inbound = new Inbound(new Rules(), landing, {
      received: () => events.push('received'),
      landed: () => events.push('landed'),
      discarded: () => events.push('discarded'),
      failed: reason => events.push(reason),
      reserve: bytes => {
        if (reserved + bytes > 100) return false;
        reserved += bytes;
        return true;
      },
    });
    inbound.framed(1000, new Uint8Array());
    inbound.credit(1);
    inbound.consume(framed(Buffer.alloc(500)).subarray(0, 90));
    expect(reserved).toBe(90);
    inbound.consume(Buffer.alloc(90));
    expect(events).toEqual(['no-memory']);
    expect(reserved).toBe(0);
    expect(inbound.wantsMore).toBe(false);
  });

  it('puts back first what was read too far', () => {
    const landing = new Landing(new HashPool(), new MemoryPool());
    const got: Buffer[] = [];
    const unused = () => expect.unreachable();
    const inbound = new Inbound(new Rules(), landing, {
      received: bytes => got.push(bytes),
      landed: unused,
      discarded: unused,
      failed: unused,
      reserve: () => true,
    });
    const [first, second] = [framed(Buffer.from('first')), framed(Buffer.from('second'))];
    inbound.credit(8);
    inbound.consume(Buffer.concat([Buffer.from('hello'), first, second]));
    expect(Buffer.concat(got).toString()).toBe(`hello${first.subarray(0, 3).toString()}`);
    expect(inbound.wantsMore).toBe(false);
    inbound.framed(100, first.subarray(0, 3));
    inbound.credit(1);
    expect(got[1]).toEqual(first);
    inbound.credit(100);
    expect(got[2]).toEqual(second);
  });
});

describe('rules', () => {
  it('are limited, and make room by forgetting buffers that are closed', () => {
    const rules = new Rules();
    const isOpen = (buffer: number) => buffer === 2;
    const many = [{ offset: 0, length: 8000, block: 1 }];
    expect(rules.add(Uint8Array.of(1), 1, many, isOpen)).toBe(true);
    expect(rules.add(Uint8Array.of(2), 2, many, isOpen)).toBe(true);
    expect(rules.add(Uint8Array.of(3), 2, many, isOpen)).toBe(false);
    expect(rules.add(Uint8Array.of(3), 2, [{ offset: 0, length: 10, block: 0 }], isOpen)).toBe(false);
    expect(rules.add(Uint8Array.of(3), 2, [{ offset: 0, length: 0xffffffff, block: 1 }], isOpen)).toBe(false);
  });

  it('are taken back one range or all at once', () => {
    const rules = new Rules();
    const run = { offset: 0, length: 30, block: 10 };
    const frame = (offset: number) => Buffer.concat([Uint8Array.of(5), u32be(offset), Buffer.alloc(10)]);
    rules.add(Uint8Array.of(5), 1, [run], () => true);
    rules.withdraw(Uint8Array.of(5), 1, [{ offset: 0, length: 10, block: 10 }]);
    expect(rules.take(frame(0), 0, 15)).toBe('forward');
    expect(rules.take(frame(10), 0, 15)).toMatchObject({ buffer: 1, offset: 10, length: 10 });
    expect(rules.take(frame(10), 0, 15)).toBe('forward');
    rules.withdraw(Uint8Array.of(5), 2, []);
    expect(rules.isEmpty).toBe(false);
    rules.withdraw(Uint8Array.of(5), 1, []);
    expect(rules.isEmpty).toBe(true);
  });
});
