import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../sw/engine/errors.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { clientName, fromHex, makePeerId, sameBytes, toHex } from '../../sw/engine/model/ids.ts';
import { Layout } from '../../sw/engine/model/layout.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0));

describe('ids', () => {
  it('are hex and back', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => sameBytes(fromHex(toHex(bytes)), bytes)));
    expect(toHex(fromHex('00FFab'))).toBe('00ffab');
    for (const bad of ['0', 'zz', '0x12', ' 12']) expect(() => fromHex(bad)).toThrow(EngineError);
  });

  it('are the same only byte for byte', () => {
    expect(sameBytes(ascii('abc'), ascii('abc'))).toBe(true);
    expect(sameBytes(ascii('abc'), ascii('abd'))).toBe(false);
    expect(sameBytes(ascii('abc'), ascii('abcd'))).toBe(false);
  });

  it('name us in printable characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), random => {
        expect(String.fromCharCode(...makePeerId(random))).toMatch(/^-SG0100-[0-9A-Za-z_-]{12}$/);
      }),
    );
    expect(clientName(makePeerId(new Uint8Array(12)))).toBe('Starling 0.1');
  });

  it.each([
    ['-qB4520-abcdefghijkl', 'qBittorrent 4.5.2'],
    ['-TR3000-abcdefghijkl', 'Transmission 3.00'],
    ['-TR4060-abcdefghijkl', 'Transmission 4.0.6'],
    ['-LT2080-abcdefghijkl', 'libtorrent 2.0.8'],
    ['-lt0D80-abcdefghijkl', 'rTorrent 0.13.8'],
    ['-UT355S-abcdefghijkl', 'µTorrent 3.5.5'],
    ['-WW0302-abcdefghijkl', 'WebTorrent 0.3.0.2'],
    ['-XX1230-abcdefghijkl', 'XX 1.2.3'],
    ['A2-1-36-0-abcdefghij', 'aria2 1.36.0'],
    ['M7-10-5--abcdefghijk', 'BitTorrent 7.10.5'],
    ['TIX0193-abcdefghijkl', 'Tixati 1.93'],
    ['-<b>12x-abcdefghijkl', ''],
    ['\0\0\0\0', ''],
  ])('names the client of %j: %s', (id, name) => {
    expect(clientName(ascii(id))).toBe(name);
  });

  it('never let a peer write what it likes', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), id => /^[\w .µ/]*$/.test(clientName(id))));
  });
});

describe('a bitfield', () => {
  it('is a set of indexes', () => {
    const commands = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -3, max: 80 })), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), commands, (size, changes) => {
        const field = new Bitfield(size);
        const model = new Set<number>();
        for (const [add, index] of changes) {
          const valid = index >= 0 && index < size;
          if (add) {
            expect(field.set(index)).toBe(valid && !model.has(index));
            if (valid) model.add(index);
          } else expect(field.clear(index)).toBe(model.delete(index));
        }
        const sorted = [...model].sort((a, b) => a - b);
        expect([...field.ones()]).toEqual(sorted);
        expect(field.count).toBe(model.size);
        expect(field.isFull).toBe(model.size === size);
        expect(field.isEmpty).toBe(model.size === 0);
        for (let index = -2; index < size + 10; index++) expect(field.get(index)).toBe(model.has(index));
        const read = Bitfield.parse(field.toBytes(), size);
        expect(read?.count).toBe(model.size);
        expect([...field.clone().ones()]).toEqual(sorted);
      }),
    );
  });

  it('is sent most significant bit first', () => {
    const field = new Bitfield(10);
    field.set(0);
    field.set(9);
    expect(field.toBytes()).toEqual(Uint8Array.of(0b10000000, 0b01000000));
  });

  it('is read only if its length fits and no spare bit is set', () => {
    expect(Bitfield.parse(Uint8Array.of(0xff), 8)?.isFull).toBe(true);
    expect(Bitfield.parse(Uint8Array.of(0xff), 7)).toBeNull();
    expect(Bitfield.parse(Uint8Array.of(0xfe), 7)?.isFull).toBe(true);
    expect(Bitfield.parse(Uint8Array.of(0, 0), 8)).toBeNull();
    expect(Bitfield.parse(new Uint8Array(), 1)).toBeNull();
    expect(Bitfield.parse(new Uint8Array(), 0)?.size).toBe(0);
  });

  it('is full on demand, and shares nothing with its copies', () => {
    const full = Bitfield.full(13);
    expect(full.count).toBe(13);
    expect(full.toBytes()).toEqual(Uint8Array.of(0xff, 0xf8));
    const copy = full.clone();
    copy.clear(3);
    full.toBytes()[0] = 0;
    expect(full.isFull).toBe(true);
    expect(copy.count).toBe(12);
  });
});

describe('a layout', () => {
  const files = fc.array(fc.record({ length: fc.integer({ min: 0, max: 50 }), pad: fc.boolean() }), { maxLength: 20 });
  const layouts = fc.record({ pieceLength: fc.integer({ min: 1, max: 60 }), files }).map(
    ({ pieceLength, files }) =>
      new Layout(
        pieceLength,
        files.map(file => ({ ...file, path: ['f'] })),
      ),
  );

  it('covers every byte of every file once, in order', () => {
    fc.assert(
      fc.property(layouts, layout => {
        const reached: [number, number][] = [];
        for (let piece = 0; piece < layout.pieceCount; piece++) {
          const spans = layout.spans(piece);
          expect(spans.reduce((sum, span) => sum + span.length, 0)).toBe(layout.pieceSize(piece));
          for (const span of spans) for (let i = 0; i < span.length; i++) reached.push([span.file, span.offset + i]);
        }
        const expected = layout.files.flatMap((file, index) =>
          Array.from({ length: file.length }, (_, i): [number, number] => [file.pad ? -1 : index, i]),
        );
        expect(reached).toEqual(expected);
      }),
    );
  });

  it('knows the pieces of a file', () => {
    fc.assert(
      fc.property(layouts, layout => {
        layout.files.forEach((file, index) => {
          const touching = Array.from({ length: layout.pieceCount }, (_, piece) => piece).filter(piece => {
            const start = piece * layout.pieceLength;
            return start < file.offset + file.length && start + layout.pieceSize(piece) > file.offset;
          });
          const range = layout.piecesOf(index);
          if (file.length === 0) expect(range).toBeNull();
          else expect(range).toEqual({ first: touching[0], last: touching.at(-1) });
        });
        expect(layout.piecesOf(layout.files.length)).toBeNull();
      }),
    );
  });

  it('holds terabytes', () => {
    const layout = new Layout(16 * 1024 * 1024, [
      { path: ['a'], length: 5e12, pad: false },
      { path: ['b'], length: 7e12 + 1, pad: false },
    ]);
    const last = layout.pieceCount - 1;
    const size = layout.pieceSize(last);
    expect(layout.spans(last)).toEqual([{ file: 1, offset: 7e12 + 1 - size, length: size }]);
  });

  it('refuses what it could not count', () => {
    expect(() => new Layout(0, [])).toThrow(RangeError);
    expect(() => new Layout(1.5, [])).toThrow(RangeError);
    const half = { path: ['a'], length: 2 ** 52, pad: false };
    expect(() => new Layout(1, [half, half])).toThrow(RangeError);
  });
});
