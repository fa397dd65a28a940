import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../daemon/wire/bytes.ts';
import { decodeFrame, decodeMessage, encode, encodeBatch } from '../../daemon/wire/codec.ts';
import { ErrorCode, type Frame, type KeptBuffer, MAX_FRAME, Op } from '../../daemon/wire/frames.ts';
import { anyFrame, nearlyFrame } from './arbitrary.ts';

function refusal(bytes: Uint8Array, limit = MAX_FRAME): WireError {
  try {
    decodeMessage(bytes, limit);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('was taken for a frame');
}

describe('frames of /io', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(anyFrame, frame => {
        expect(decodeMessage(encode(frame), MAX_FRAME)).toEqual([frame]);
      }),
      { numRuns: 2000 },
    );
  });

  it('have one encoding each', () => {
    fc.assert(
      fc.property(nearlyFrame, message => {
        let frame: Frame;
        try {
          frame = decodeFrame(message);
        } catch {
          return;
        }
        // JSON may be spaced in many ways; every other layout has one form only.
        const isJson = [Op.CLIENT_HELLO, Op.SERVER_HELLO, Op.HTTP_GET, Op.STATS_RESULT].some(op => op === frame.op);
        if (!isJson) expect(encode(frame)).toEqual(message);
      }),
      { numRuns: 5000 },
    );
  });

  it('come back from a batch in their order', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), frames => {
        expect(decodeMessage(encodeBatch(frames.map(encode)), MAX_FRAME)).toEqual(frames);
      }),
    );
  });

  it('are refused by name whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyFrame, fc.uint8Array({ maxLength: 200 })), message => {
        try {
          decodeMessage(message, MAX_FRAME);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('are refused wherever they are cut short, but for fields that run to the end', () => {
    const frame = encode({
      op: Op.LAND_RULE,
      id: 5,
      sock: 1,
      buffer: 2,
      withdraw: false,
      prefix: Uint8Array.of(7),
      runs: [{ offset: 0, length: 16384, block: 16384 }],
    });
    for (let length = 0; length < frame.length; length++) {
      expect(refusal(frame.subarray(0, length)).code).toBe(ErrorCode.MALFORMED);
    }
  });

  it('keep bytes as views of the message', () => {
    const message = encode({ op: Op.TCP_RECV, id: 0, sock: 9, bytes: new Uint8Array(100) });
    const [frame] = decodeMessage(message, MAX_FRAME);
    expect(frame?.op === Op.TCP_RECV && frame.bytes.buffer === message.buffer).toBe(true);
  });

  it('name what is wrong and whose request it was', () => {
    const stats = encode({ op: Op.STATS, id: 77 });
    const other = (at: number, value: number) => {
      const copy = stats.slice();
      copy[at] = value;
      return refusal(copy);
    };
    expect(other(0, 2)).toMatchObject({ code: ErrorCode.UNKNOWN_VERSION, requestId: 77 });
    expect(other(1, 0x6f)).toMatchObject({ code: ErrorCode.UNKNOWN_OPCODE, requestId: 77 });
    expect(other(2, 2)).toMatchObject({ code: ErrorCode.MALFORMED, requestId: 77 });
    expect(refusal(Uint8Array.of(...stats, 0))).toMatchObject({ code: ErrorCode.MALFORMED, requestId: 77 });
    expect(refusal(stats, 7)).toMatchObject({ code: ErrorCode.LIMIT });
    expect(refusal(encodeBatch([encodeBatch([stats])]))).toMatchObject({ code: ErrorCode.MALFORMED });
  });

  it('believe no count before the bytes for it are there', () => {
    const verify = new Uint8Array(8 + 2);
    verify.set(encode({ op: Op.STATS, id: 1 }));
    verify[1] = Op.VERIFY;
    verify.fill(0xff, 8);
    expect(refusal(verify).message).toBe('count beyond the frame');
  });

  it('name the states of a kept buffer as the page does', () => {
    const page = readFileSync(new URL('../../daemon/wire/README.md', import.meta.url), 'utf8');
    const names = [...(/States of a kept buffer: ([^.]*)\./.exec(page)?.[1]?.matchAll(/(\d) (\w+)/g) ?? [])];
    const of = (state: string) => {
      const kept = [{ buffer: 1, tag: new Uint8Array(0), length: 1, state: state as KeptBuffer['state'], ranges: [] }];
      return encode({ op: Op.AUTH_RESULT, id: 0, ok: true, message: '', kept });
    };
    const first = of('open');
    expect(names).toHaveLength(5);
    for (const [, number, name = ''] of names) {
      const differs = [...of(name)].filter((byte, at) => byte !== first[at]);
      expect(differs).toEqual(number === '0' ? [] : [Number(number)]);
    }
  });

  it('carry offsets to 2^53 and none beyond', () => {
    const far = { file: 1, offset: Number.MAX_SAFE_INTEGER, length: 1 };
    const message = encode({ op: Op.LAND_OPEN, id: 0, buffer: 1, length: 1, tag: new Uint8Array(), spans: [far], there: [] });
    expect(decodeMessage(message, MAX_FRAME)).toMatchObject([{ spans: [far] }]);
    message[message.length - 7] = 0xff;
    expect(refusal(message).message).toBe('number beyond 2^53');
    const beyond = { ...far, offset: 2 ** 53 };
    expect(() =>
      encode({ op: Op.LAND_OPEN, id: 0, buffer: 1, length: 1, tag: new Uint8Array(), spans: [beyond], there: [] }),
    ).toThrow(RangeError);
  });
});
