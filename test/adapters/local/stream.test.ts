import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Time } from '../../../daemon/wire/throttle.ts';
import { LocalNet } from '../../../sw/adapters/local/net.ts';
import type { Span } from '../../../sw/engine/events.ts';
import { framed, u32be } from '../../daemon/peer.ts';
import { contentOf, FakeSink, FakeSource } from './sink.ts';

const WINDOW = 1 << 20;
const NOTHING = new Uint8Array(0);

/** Time that passes when a test says so. */
class TestTime implements Time {
  at = 0;
  private due: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.at;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.at + ms, run };
    this.due.push(timer);
    return () => (this.due = this.due.filter(other => other !== timer));
  }

  pass(ms: number): void {
    for (const end = this.at + ms; this.at < end;) {
      this.at += 1;
      for (const timer of this.due.filter(({ at }) => at <= this.at)) {
        this.due = this.due.filter(other => other !== timer);
        timer.run();
      }
    }
  }
}

function world() {
  const sink = new FakeSink();
  const source = new FakeSource();
  const time = new TestTime();
  return { sink, source, time, net: new LocalNet(sink, source, time) };
}

/** A connection, what its carrier hears and what its engine hears. */
function connection(net: LocalNet) {
  const carried: Uint8Array[] = [];
  const told: unknown[] = [];
  let taken = 0;
  let closed = 0;
  const relay = net.relay(
    { send: bytes => carried.push(bytes), taken: bytes => (taken += bytes), closed: () => (closed += 1) },
    {
      opened: () => told.push('opened'),
      received: bytes => told.push(['received', Buffer.from(bytes).toString('hex')]),
      landed: (buffer, offset, length, earlier) => told.push(['landed', buffer, offset, length, earlier]),
      discarded: length => told.push(['discarded', length]),
      sent: (sends, ok, problem) => told.push(['sent', [...sends], ok, problem]),
      closed: reason => told.push(['closed', reason]),
    },
  );
  const { stream } = relay;
  return { relay, stream, carried, told, sent: () => Buffer.concat(carried), taken: () => taken, closed: () => closed };
}

const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};
const span = (offset: number, length: number, file = 1): Span => ({ file, offset, length });

describe('a connection that the browser itself frames', () => {
  it('hands on raw bytes against credit, then frames, what was given back first', () => {
    const { told, stream, relay, taken } = connection(world().net);
    relay.receive(Uint8Array.of(1, 2, 3, 4));
    expect(told).toEqual([]);
    stream.credit(2);
    expect(told).toEqual([['received', '0102']]);
    expect(taken()).toBe(2);
    stream.credit(10);
    relay.receive(framed(Uint8Array.of(5, 6)).subarray(0, 5));
    expect(taken()).toBe(9);
    stream.framed(1000, framed(Uint8Array.of(5, 6)).subarray(0, 5));
    relay.receive(Uint8Array.of(6));
    stream.credit(1000);
    expect(told.slice(1)).toEqual([
      ['received', '0304'],
      ['received', '0000000205'],
      ['received', '0506'],
    ]);
    expect(taken()).toBe(10);
  });

  it('rests alone where nothing was credited, and the next goes on', () => {
    const { net } = world();
    const [first, second] = [connection(net), connection(net)];
    for (const { stream } of [first, second]) stream.framed(1 << 20, NOTHING);
    second.stream.credit(1 << 20);
    const message = framed(Buffer.alloc(1000));
    for (const { relay } of [first, second]) for (let count = 0; count < 100; count++) relay.receive(Uint8Array.from(message));
    expect([first.told.length, first.taken()]).toEqual([0, 0]);
    expect([second.told.length, second.taken()]).toEqual([100, 100 * message.length]);
  });

  it('is closed where more comes than may be under way, and where a message is longer than allowed', () => {
    const { net } = world();
    const flood = connection(net);
    for (let sent = 0; sent <= WINDOW; sent += 1 << 18) flood.relay.receive(new Uint8Array(1 << 18));
    expect(flood.told).toEqual([['closed', 'More was under way than there may be.']]);
    expect(flood.closed()).toBe(1);
    const long = connection(net);
    long.stream.framed(100, NOTHING);
    long.relay.receive(framed(new Uint8Array(101)));
    expect(long.told).toEqual([['closed', 'A message longer than is allowed.']]);
    long.stream.send(Uint8Array.of(1));
    long.stream.close();
    expect(long.closed()).toBe(1);
  });

  it('holds so much of frames that are half-way in over all connections, and closes the one that would exceed it', () => {
    const { net } = world();
    const all = [...Array(34).keys()].map(() => connection(net));
    for (const { stream, relay } of all) {
      stream.framed(1 << 20, NOTHING);
      stream.credit(1 << 20);
      relay.receive(framed(new Uint8Array(1 << 20)).subarray(0, 1_000_000));
    }
    const ended = all.filter(({ told }) => told.length > 0);
    expect(ended.map(({ told }) => told)).toEqual([[['closed', 'Too many long messages at once.']]]);
    all[0]?.stream.close();
    const next = connection(net);
    next.stream.framed(1 << 20, NOTHING);
    next.stream.credit(1 << 20);
    next.relay.receive(framed(new Uint8Array(1 << 20)).subarray(0, 1_000_000));
    expect(next.told).toEqual([]);
  });

  it('tells blocks that lie behind each other together, before what came after them', () => {
    const { net, sink } = world();
    const { told, stream, relay } = connection(net);
    sink.open(3, 60);
    const prefix = Uint8Array.of(7, 0, 0, 0, 3);
    stream.framed(1000, NOTHING);
    stream.credit(1000);
    stream.discard(Uint8Array.of(7));
    stream.expect(3, prefix, [{ offset: 0, length: 40, block: 20 }]);
    const blockAt = (offset: number) => framed(prefix, u32be(offset), Buffer.alloc(20, offset + 1));
    relay.receive(Buffer.concat([blockAt(0), blockAt(20), framed(Uint8Array.of(9)), blockAt(40)]));
    expect(told).toEqual([
      ['landed', 3, 0, 40, false],
      ['received', '09'],
      ['discarded', 29],
    ]);
    stream.unexpect(3, prefix, []);
  });

  it('sends messages and what is read from files in their order, none cut by another, as far as they are taken', async () => {
    const part = fc.record({
      spans: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 3 }),
      message: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1 }),
        async (parts, takes) => {
          const { net, source } = world();
          const { relay, stream, sent, told, carried } = connection(net);
          const expected: Buffer[] = [];
          let offset = 0;
          parts.forEach(({ spans, message }, send) => {
            const header = Uint8Array.of(send, 0xff, 0xff);
            if (message) return stream.send(header);
            const all = spans.map(length => span((offset += length), length));
            stream.sendSpans(send, header, all);
            expected.push(Buffer.concat([header, contentOf(all)]));
          });
          let taken = 0;
          let turn = 0;
          for (let idle = 0; idle < 3;) {
            await source.readAll();
            await turns();
            const under = carried.reduce((sum, { length }) => sum + length, 0) - taken;
            expect(under).toBeLessThanOrEqual(WINDOW);
            const next = Math.min(under, takes[turn++ % takes.length] ?? 1);
            idle = next === 0 ? idle + 1 : 0;
            taken += next;
            if (next > 0) relay.taken(next);
          }
          const messages = parts.flatMap(({ message }, send) => (message ? [Buffer.from([send, 0xff, 0xff])] : []));
          // Nothing was read when the messages were said: they overtake all of it.
          expect(sent().equals(Buffer.concat([...messages, ...expected]))).toBe(true);
          const answered = told.flatMap(event => (event as [string, number[]])[1]);
          expect(answered).toEqual(parts.flatMap(({ message }, send) => (message ? [] : [send])));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads neighbours together, two megabytes ahead, and the next once that was handed out', async () => {
    const { net, source } = world();
    const { relay, stream, carried } = connection(net);
    for (let send = 0; send < 256; send++) stream.sendSpans(send, NOTHING, [span(send * 16_384, 16_384)]);
    await turns();
    expect(source.reads.map(({ spans }) => spans)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(read => [span(read << 18, 1 << 18)]));
    await source.readAll();
    await turns();
    expect(carried.reduce((sum, { length }) => sum + length, 0)).toBe(WINDOW);
    await source.readAll();
    await turns();
    expect(source.reads).toEqual([]);
    relay.taken(1 << 18);
    await turns();
    expect(source.reads).toHaveLength(1);
  });

  it('answers each send once: what was sent and taken, called off, could not be read, or is too much', async () => {
    const { net, source } = world();
    const { relay, stream, told, sent } = connection(net);
    stream.sendSpans(1, Uint8Array.of(1), [span(0, 10)]);
    stream.sendSpans(2, Uint8Array.of(2), [span(100, 10)]);
    stream.sendSpans(3, Uint8Array.of(3), [span(200, 10)]);
    stream.sendSpans(4, Uint8Array.of(4), [span(0, 1 << 20)]);
    stream.cancelSend(2);
    await turns();
    expect(told).toEqual([
      ['sent', [4], false, 'limit'],
      ['sent', [2], false, null],
    ]);
    source.reads[0]?.end();
    source.reads[1]?.end('gone');
    await turns();
    expect(told.slice(2)).toEqual([['sent', [3], false, 'gone']]);
    expect(sent()).toEqual(Buffer.concat([Uint8Array.of(1), contentOf([span(0, 10)])]));
    relay.taken(11);
    await turns();
    expect(told.slice(3)).toEqual([['sent', [1], true, null]]);
    stream.cancelSend(1);
    await turns();
    expect(told).toHaveLength(4);
  });

  it('has so many sends that wait, and is closed where messages wait that nobody reads', async () => {
    const { net, source } = world();
    const { stream, told } = connection(net);
    for (let send = 0; send < 4_097; send++) stream.sendSpans(send, NOTHING, [span(0, 1 << 17, send + 1)]);
    await turns();
    expect(told).toEqual([['sent', [4_096], false, 'limit']]);
    for (let sent = 0; sent < 6 << 20; sent += 1 << 20) {
      stream.send(new Uint8Array(1 << 20));
      await turns();
    }
    expect(told.at(-1)).toEqual(['closed', 'The other side does not read what it is sent.']);
    expect(source.calledOff).toBeGreaterThan(0);
  });

  it('keeps to the rates of its groups, both ways, and shares them with others', async () => {
    const { net, source, time } = world();
    net.limit(1, 0, 'up', 100_000);
    net.limit(2, 1, 'up', 0);
    net.limit(3, 0, 'down', 50_000);
    const [first, second] = [connection(net), connection(net)];
    for (const { stream } of [first, second]) {
      stream.join(2);
      stream.join(3);
      stream.framed(1 << 20, NOTHING);
      stream.credit(1 << 20);
      for (let send = 0; send < 16; send++) stream.sendSpans(send, NOTHING, [span(send * 16_384, 16_384)]);
    }
    for (const { relay } of [first, second]) for (let count = 0; count < 20; count++) relay.receive(framed(Buffer.alloc(10_000)));
    for (let second = 0; second < 20; second++) {
      await source.readAll();
      await turns();
      time.pass(50);
    }
    const up = [first, second].map(({ sent }) => sent().length);
    const down = [first, second].map(({ taken }) => taken());
    for (const [rates, limit] of [[up, 100_000] as const, [down, 50_000] as const]) {
      const all = (rates[0] ?? 0) + (rates[1] ?? 0);
      expect(all).toBeGreaterThan(limit * 0.8);
      expect(all).toBeLessThan(limit * 1.2);
      expect(Math.min(...rates)).toBeGreaterThan(limit * 0.35);
    }
    net.limit(1, 0, 'up', 0);
    net.limit(3, 0, 'down', 0);
    time.pass(1);
    await source.readAll();
    await turns();
    expect(first.taken()).toBe(20 * 10_004);
    expect(first.sent().length).toBe(16 * 16_384);
    net.unlimit(2);
  });
});

describe('the net of the browser alone', () => {
  it('dials nobody and hears nobody, and says so', async () => {
    const { net } = world();
    const told: string[] = [];
    const events = { opened: () => told.push('opened'), closed: (reason: string) => told.push(reason) };
    const silent = { received: () => undefined, landed: () => undefined, discarded: () => undefined, sent: () => undefined };
    const stream = net.connect('192.0.2.1', 6881, { ...silent, ...events });
    net.connect('192.0.2.1', 6881, { ...silent, ...events }).close();
    net.listen([6881], port => told.push(`port ${port}`));
    stream.send(Uint8Array.of(1));
    expect(told).toEqual([]);
    await turns();
    expect(told).toEqual(['Peers over TCP and UDP need the helper.', 'port 0']);
  });

  it('has sixty-four connections at once', async () => {
    const { net } = world();
    const all = [...Array(65).keys()].map(() => connection(net));
    await turns();
    expect(all.map(({ told }) => told).filter(told => told.length > 0)).toEqual([[['closed', 'Too many connections.']]]);
    all[0]?.relay.end('It is gone.');
    expect(all[0]?.told).toEqual([['closed', 'It is gone.']]);
    const next = connection(net);
    await turns();
    expect(next.told).toEqual([]);
  });
});
