import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../daemon/wire/bytes.ts';
import { ControlOp, MAX_RELAY_PART } from '../../daemon/wire/control.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import { MAX_FROM_FOLLOWER, MAX_RELAYED, RelayInbox, relayFrames } from '../../daemon/wire/relay.ts';

/** What comes out of an inbox for all of these frames, once they went over the wire. */
function taken(frames: ReturnType<typeof relayFrames>): unknown[] {
  const inbox = new RelayInbox({ bytes: 0 }, MAX_RELAYED);
  return frames.flatMap(frame => {
    const read = decodeControl(encodeControl(frame));
    if (read.op !== ControlOp.RELAY) throw new Error('another frame');
    const whole = inbox.take(read.part, read.last);
    return whole === null ? [] : [whole.message];
  });
}

describe('relayed messages', () => {
  it('come out as they went in, bytes as bytes', () => {
    const value = fc.letrec(tie => ({
      any: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.uint8Array(), tie('list'), tie('record')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      record: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    })).any;
    fc.assert(
      fc.property(value, message => {
        expect(taken(relayFrames(1, message, true))).toEqual([message]);
      }),
    );
  });

  it('are cut into parts, and put together again one after another', () => {
    const long = { text: 'x'.repeat(3 * MAX_RELAY_PART), bytes: new Uint8Array(100_000).fill(7) };
    const frames = relayFrames(5, long, false);
    expect(frames).toHaveLength(4);
    expect(taken([...frames, ...relayFrames(5, 'short', false)])).toEqual([long, 'short']);
  });

  it('are refused where they are too long, and where they are none', () => {
    const inbox = new RelayInbox({ bytes: 0 }, MAX_FROM_FOLLOWER);
    const part = new Uint8Array(MAX_RELAY_PART).fill(32);
    for (let size = 0; size < MAX_FROM_FOLLOWER; size += part.length) expect(inbox.take(part, false)).toBe(null);
    expect(() => inbox.take(part, false)).toThrow(WireError);
    expect(() => new RelayInbox({ bytes: 0 }, MAX_RELAYED).take(Uint8Array.of(0x7b), true)).toThrow(WireError);
    const frame = encodeControl({ op: ControlOp.RELAY, id: 0, holder: true, channel: 1, last: true, part });
    expect(decodeControl(frame)).toMatchObject({ channel: 1 });
    const tooLong = new Uint8Array(frame.length + 1);
    tooLong.set(frame);
    expect(() => decodeControl(tooLong)).toThrow(WireError);
  });

  it('are refused in parts that are short before the last', () => {
    for (const length of [0, 1, MAX_RELAY_PART - 1]) {
      expect(() => new RelayInbox({ bytes: 0 }, MAX_RELAYED).take(new Uint8Array(length), false)).toThrow(WireError);
    }
  });

  it('that have not come whole are so much together, whichever channels they come over', () => {
    const together = { bytes: 0 };
    const inboxes = Array.from({ length: 5 }, () => new RelayInbox(together, MAX_FROM_FOLLOWER));
    const part = new Uint8Array(MAX_RELAY_PART).fill(32);
    for (const inbox of inboxes.slice(0, 4)) {
      for (let size = 0; size < MAX_FROM_FOLLOWER; size += part.length) inbox.take(part, false);
    }
    expect(together.bytes).toBe(64 << 20);
    expect(() => inboxes[4]!.take(part, false)).toThrow(WireError);
    inboxes[4]!.clear();
    inboxes[0]!.clear();
    expect(inboxes[4]!.take(part, false)).toBe(null);
    expect(inboxes[4]!.take(Uint8Array.of(0x31), true)).toEqual({ message: 1 });
    expect(together.bytes).toBe(48 << 20);
  });
});
