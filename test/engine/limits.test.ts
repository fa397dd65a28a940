/** The limits of torrents as numbers: what is just within is read, and what is just beyond is not. */
import { describe, expect, it } from 'vitest';
import { encode } from '../../sw/engine/codec/bencode.ts';
import type { BValue } from '../../sw/engine/codec/bencode.ts';
import { MAX_TORRENT_BYTES, parseInfo, parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const text = (ascii: string): Uint8Array => new TextEncoder().encode(ascii);

function torrent(info: Record<string, BValue>): Uint8Array {
  return encode({ info: { name: text('n'), ...info } });
}

/** One file of so many pieces. */
function ofPieces(pieces: number, pieceLength = 16_384): Uint8Array {
  // As v2 has it, whose pieces need no hashes here: two million of v1 are more than a torrent file holds.
  const root = new Uint8Array(32).fill(1);
  const tree = { a: { '': { length: pieces * pieceLength, 'pieces root': root } } };
  return torrent({ 'piece length': pieceLength, 'meta version': 2, 'file tree': tree });
}

function accepted(bytes: Uint8Array): boolean {
  try {
    parseTorrent(bytes);
    return true;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

describe('a torrent', () => {
  it('has 2,097,152 pieces and no more', () => {
    expect(parseTorrent(ofPieces(2_097_152)).layout.pieceCount).toBe(2_097_152);
    expect(accepted(ofPieces(2_097_153))).toBe(false);
  });

  it('has pieces of less than 512 MiB', () => {
    const one = (length: number): Uint8Array => torrent({ 'piece length': length, length: 5, pieces: new Uint8Array(20) });
    expect(accepted(one(512 * 1024 * 1024 - 1))).toBe(true);
    for (const length of [512 * 1024 * 1024, 2 ** 31 - 1, 2 ** 40, 0, -1]) expect(accepted(one(length))).toBe(false);
  });

  it('has paths of 100 names and no more', () => {
    const deep = (names: number): Uint8Array =>
      torrent({
        'piece length': 16_384,
        pieces: new Uint8Array(20),
        files: [{ length: 5, path: new Array<Uint8Array>(names).fill(text('a')) }],
      });
    expect(accepted(deep(100))).toBe(true);
    expect(accepted(deep(101))).toBe(false);
  });

  it('is a file of 10 MB and no more', () => {
    const small = ofPieces(1);
    const padded = new Uint8Array(MAX_TORRENT_BYTES);
    padded.set(small);
    expect(accepted(padded)).toBe(true);
    expect(MAX_TORRENT_BYTES).toBe(10_000_000);
    const longer = new Uint8Array(MAX_TORRENT_BYTES + 1);
    longer.set(small);
    expect(accepted(longer)).toBe(false);
  });

  it('has its metadata in 30 MiB, whoever sends it', () => {
    const info = new Uint8Array(30 * 1024 * 1024 + 1);
    expect(() => parseInfo(info, { v1Hash: '00'.repeat(20), v2Hash: null })).toThrow('too long');
    expect(() => parseInfo(info.subarray(1), { v1Hash: '00'.repeat(20), v2Hash: null })).toThrow('not the list of files');
  });

  it('with a million files, or of more bytes than can be counted, is refused at once', () => {
    const entry = 'd6:lengthi1e4:pathl1:ae4:attr1:xe'.replace('4:attr1:xe', 'e');
    const many = text(`d4:infod5:filesl${entry.repeat(380_000)}e4:name1:n12:piece lengthi16384e6:pieces0:ee`);
    const began = performance.now();
    expect(accepted(many)).toBe(false);
    // A second on an idle machine; that it does not grow is counted elsewhere.
    expect(performance.now() - began).toBeLessThan(15_000);
    const huge = { length: Number.MAX_SAFE_INTEGER, path: [text('a')] };
    expect(accepted(torrent({ 'piece length': 16_384, pieces: new Uint8Array(20), files: [huge, huge] }))).toBe(false);
  });
});
