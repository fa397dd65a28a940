import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashPool } from '../../../daemon/io/hash-pool.ts';
import { Inbound as DaemonInbound } from '../../../daemon/io/inbound.ts';
import { Landing } from '../../../daemon/io/landing.ts';
import { MemoryPool } from '../../../daemon/io/memory.ts';
import { Rules } from '../../../daemon/wire/rules.ts';
import { Inbound } from '../../../sw/adapters/local/inbound.ts';
import { framed, u32be } from '../../daemon/peer.ts';
import { FakeSink } from './sink.ts';

const BLOCK = 50;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Side {
  readonly events: string[];
  readonly rules: Rules;
  open(buffer: number, length: number): void;
  consume(bytes: Uint8Array): void;
  credit(bytes: number): void;
  there(): Record<number, string>;
}

/** One connection of ours without anything that carries it: what it was given, and what came of it in order. */
function ours(maxFrame = 1000) {
  const sink = new FakeSink();
  const rules = new Rules();
  const events: string[] = [];
  let reserved = 0;
  let limit = Infinity;
  const inbound = new Inbound(rules, sink, {
    received: bytes => events.push(`received ${hex(bytes)}`),
    landed: (buffer, offset, length) => events.push(`landed ${buffer} ${offset} ${length}`),
    discarded: (length, head) => events.push(`discarded ${length} ${hex(head)}`),
    failed: reason => events.push(`failed ${reason}`),
    reserve: bytes => {
      if (reserved + bytes > limit) return false;
      reserved += bytes;
      return true;
    },
    resumed: () => inbound.work(Infinity),
  });
  inbound.framed(maxFrame, new Uint8Array());
  return {
    events,
    rules,
    sink,
    inbound,
    reserved: () => reserved,
    limit: (bytes: number) => (limit = bytes),
    open: (buffer: number, length: number) => void sink.open(buffer, length),
    consume: (bytes: Uint8Array) => {
      inbound.receive(bytes);
      inbound.work(Infinity);
    },
    credit: (bytes: number) => {
      inbound.credit(bytes);
      inbound.work(Infinity);
    },
    there: () => Object.fromEntries([...sink.buffers].map(([buffer, { bytes, there }]) => [buffer, hex(bytes) + hex(there)])),
  };
}

/** A socket of the io-daemon, by the same words. */
function theirs(maxFrame = 1000): Side {
  const landing = new Landing(new HashPool(), new MemoryPool());
  const rules = new Rules();
  const events: string[] = [];
  const inbound = new DaemonInbound(rules, landing, {
    received: bytes => events.push(`received ${hex(bytes.subarray(4))}`),
    landed: (buffer, offset, length) => events.push(`landed ${buffer} ${offset} ${length}`),
    discarded: (length, head) => events.push(`discarded ${length} ${hex(head)}`),
    failed: reason => events.push(`failed ${reason}`),
    reserve: () => true,
  });
  inbound.framed(maxFrame, new Uint8Array());
  return {
    events,
    rules,
    open: (buffer, length) => void landing.open(buffer, length, new Uint8Array(), []),
    consume: bytes => inbound.consume(Buffer.from(bytes)),
    credit: bytes => inbound.credit(bytes),
    there: () => ({}),
  };
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
const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 70 })));

/** Feeds the bytes in parts of these sizes to a side that expects three blocks of two buffers, and gives credit on the way. */
function feed(side: Side, bytes: Uint8Array, sizes: Iterable<number>, credits: readonly number[] = [1e9]): void {
  side.rules.add(Uint8Array.of(7), 0, [], () => true);
  for (const buffer of [1, 2]) {
    side.open(buffer, 4 * BLOCK);
    side.rules.add(prefixOf(buffer), buffer, [{ offset: 0, length: 3 * BLOCK, block: BLOCK }], () => true);
  }
  const next = sizes[Symbol.iterator]();
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const count = Math.min(Number(next.next().value ?? bytes.length), bytes.length - at);
    side.consume(bytes.slice(at, at + count));
    side.credit(credits[turn % credits.length] ?? 0);
    at += count;
  }
}

describe('what comes over a connection of the browser’s own', () => {
  it('means the same however it was cut into messages, and what the io-daemon takes it for', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), cuts, (frames, sizes) => {
        const bytes = Buffer.concat(frames);
        const [cut, whole, daemon] = [ours(), ours(), theirs()];
        feed(cut, bytes, sizes);
        feed(whole, bytes, [bytes.length]);
        feed(daemon, bytes, [bytes.length]);
        expect(cut.events).toEqual(whole.events);
        expect(cut.events).toEqual(daemon.events);
        expect(cut.there()).toEqual(whole.there());
        expect(cut.reserved()).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('is passed on as far as there is credit, as the io-daemon does it', () => {
    const credits = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), cuts, credits, (frames, sizes, given) => {
        const bytes = Buffer.concat(frames);
        const lengths = [...Array(200).keys()].map(() => sizes.next().value as number);
        const [mine, daemon] = [ours(), theirs()];
        feed(mine, bytes, lengths, given);
        feed(daemon, bytes, lengths, given);
        expect(mine.events).toEqual(daemon.events);
      }),
    );
  });

  it('costs no copy where a block came in one message, and few messages keep it as it came', () => {
    const { inbound, sink, rules } = ours();
    const seen: Uint8Array[] = [];
    const land = sink.land.bind(sink);
    sink.land = (...args) => {
      seen.push(args[2]);
      return land(...args);
    };
    sink.open(1, 200);
    rules.add(prefixOf(1), 1, [{ offset: 0, length: 100, block: BLOCK }], () => true);
    const whole = new Uint8Array(block(1, 0));
    const [first, second] = [new Uint8Array(block(1, 50)).slice(0, 30), new Uint8Array(block(1, 50)).slice(30)];
    for (const message of [whole, first, second]) {
      inbound.receive(message);
      inbound.work(Infinity);
    }
    expect(seen.map(part => part.buffer)).toEqual([whole.buffer, first.buffer, second.buffer]);
  });

  it('waits where there is no room for it, and what comes behind it too; nothing is thrown away', async () => {
    const it = ours();
    it.open(1, 4 * BLOCK);
    it.rules.add(prefixOf(1), 1, [{ offset: 0, length: 4 * BLOCK, block: BLOCK }], () => true);
    it.sink.space = BLOCK + 20;
    const first = block(1, BLOCK);
    // The second in two parts, of which there is room for one.
    for (const part of [block(1, 0), first.subarray(0, 30), first.subarray(30), block(1, 2 * BLOCK), block(1, 3 * BLOCK)])
      it.consume(new Uint8Array(part));
    it.credit(1000);
    expect(it.events).toEqual(['landed 1 0 50']);
    expect(it.inbound.queued).toBe(2 * (BLOCK + 13));
    await it.sink.free(10);
    await it.sink.free(2 * BLOCK);
    expect(it.events).toEqual(['landed 1 0 50', 'landed 1 50 50', 'landed 1 100 50']);
    await it.sink.free(BLOCK);
    expect(it.events.at(-1)).toBe('landed 1 150 50');
    expect(it.there()[1]).toMatch(/^(01)+$/);
    expect(it.reserved()).toBe(0);
    it.sink.space = 0;
  });

  it('that waits for room is let go with its connection', async () => {
    const it = ours();
    it.open(1, BLOCK);
    it.rules.add(prefixOf(1), 1, [{ offset: 0, length: BLOCK, block: BLOCK }], () => true);
    it.sink.space = 0;
    it.consume(new Uint8Array(block(1, 0)));
    it.inbound.end();
    await it.sink.free(BLOCK);
    expect(it.events).toEqual([]);
    expect(it.reserved()).toBe(0);
  });

  it('that came in a thousand messages of one byte is put together', () => {
    const it = ours(5000);
    it.credit(10_000);
    const body = Buffer.from(Uint8Array.from({ length: 3000 }, (_, index) => index % 251));
    for (const byte of framed(body)) it.consume(Uint8Array.of(byte));
    expect(it.events).toEqual([`received ${body.toString('hex')}`]);
    const waiting = ours(5000);
    for (const byte of framed(body)) waiting.consume(Uint8Array.of(byte));
    expect(waiting.inbound.queued).toBe(3004);
    waiting.credit(1);
    expect(waiting.events).toEqual([`received ${body.toString('hex')}`]);
  });

  it('is worked off in turns of any size', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (frames, turn) => {
        const bytes = Buffer.concat(frames);
        const [whole, slow] = [ours(), ours()];
        feed(whole, bytes, [bytes.length]);
        const { inbound } = slow;
        inbound.credit(1e9);
        slow.consume = bytes => inbound.receive(bytes);
        slow.credit = () => undefined;
        feed(slow, bytes, [bytes.length]);
        for (let count = 0; inbound.wantsTurn && count < 10_000; count++) inbound.work(turn);
        expect(slow.events).toEqual(whole.events);
      }),
    );
  });

  it('ends with a frame that is longer than allowed, or for which there is no memory', () => {
    const long = ours(100);
    long.credit(1000);
    long.consume(Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(101))]));
    expect(long.events.map(event => event.slice(0, 12))).toEqual(['received 010', 'failed too-l']);
    long.consume(framed(Buffer.alloc(10)));
    expect(long.events).toHaveLength(2);
    const poor = ours();
    poor.credit(1000);
    poor.limit(40);
    for (const part of [0, 1, 2]) poor.consume(framed(Buffer.alloc(90)).subarray(part * 30, part * 30 + 30));
    expect(poor.events).toEqual(['failed no-memory']);
    expect(poor.reserved()).toBe(0);
  });

  it('goes nowhere once its buffer is gone, or the asked block is there', () => {
    const it = ours();
    it.open(1, 200);
    it.rules.add(prefixOf(1), 1, [{ offset: 0, length: 200, block: BLOCK }], () => true);
    it.sink.land(1, 0, new Uint8Array(BLOCK));
    it.consume(block(1, 0));
    it.consume(block(1, BLOCK).subarray(0, 40));
    it.sink.buffers.delete(1);
    it.consume(block(1, BLOCK).subarray(40));
    const told = (bytes: Buffer) => `discarded ${bytes.length - 4} ${hex(bytes.subarray(4, 24))}`;
    expect(it.events).toEqual([told(block(1, 0)), told(block(1, BLOCK))]);
  });
});
