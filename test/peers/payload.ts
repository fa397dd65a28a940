/** Files of known bytes, torrents of them, and the comparison of every byte. */
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import codec from 'bencode';

const CHUNK = 1 << 20;

export interface PayloadFile {
  readonly path: readonly string[];
  readonly size: number;
}

export interface Payload {
  readonly name: string;
  /** The folder that holds `name`. */
  readonly dir: string;
  readonly files: readonly PayloadFile[];
  readonly size: number;
  /** The .torrent. */
  readonly bytes: Uint8Array;
  readonly infoHash: string;
}

type Bencoded = number | string | Uint8Array | readonly Bencoded[] | { readonly [key: string]: Bencoded };

/** Keys are sorted as raw bytes, as BEP 3 wants. */
export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')]);
  const entries = Object.entries(value as Record<string, Bencoded>).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(([key, item]) => [bencode(key), bencode(item)]), Buffer.from('e')]);
}

/** The same torrent, naming a node of the DHT. */
export function withNode(torrent: Uint8Array, host: string, port: number): Uint8Array {
  const fields = codec.decode(torrent) as Record<string, unknown>;
  return Uint8Array.from(codec.encode({ ...fields, nodes: [[host, port]] }));
}

/** Endless bytes that no compressor shrinks, the same for the same seed. */
function stream(seed: string): () => Buffer {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK);
  return () => cipher.update(zeros);
}

/**
 * Writes the files under `dir` and makes a v1 torrent of them. One file with an empty path is a single-file torrent.
 * `seed` makes other bytes, and so another info-hash, of the same shape.
 */
export function makePayload(
  dir: string,
  name: string,
  files: readonly PayloadFile[],
  options: { pieceLength: number; trackers?: readonly string[]; seed?: string; isPrivate?: boolean },
): Payload {
  const { pieceLength } = options;
  const digests: Buffer[] = [];
  let hash = createHash('sha1');
  let inPiece = 0;
  const feed = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + pieceLength - inPiece);
      hash.update(part);
      at += part.length;
      inPiece += part.length;
      if (inPiece === pieceLength) {
        digests.push(hash.digest());
        hash = createHash('sha1');
        inPiece = 0;
      }
    }
  };
  for (const file of files) {
    const path = join(dir, name, ...file.path);
    mkdirSync(dirname(path), { recursive: true });
    const next = stream(`${options.seed ?? ''}/${name}/${file.path.join('/')}`);
    const fd = openSync(path, 'w');
    for (let at = 0; at < file.size; at += CHUNK) {
      const bytes = next().subarray(0, Math.min(CHUNK, file.size - at));
      writeSync(fd, bytes);
      feed(bytes);
    }
    closeSync(fd);
  }
  if (inPiece > 0) digests.push(hash.digest());
  const [first] = files;
  const shape: Record<string, Bencoded> =
    files.length === 1 && first && first.path.length === 0
      ? { length: first.size }
      : { files: files.map(({ path, size }) => ({ length: size, path: [...path] })) };
  const info: Record<string, Bencoded> = {
    name,
    'piece length': pieceLength,
    pieces: Buffer.concat(digests),
    ...shape,
    ...(options.isPrivate && { private: 1 }),
  };
  const trackers = options.trackers ?? [];
  const bytes = bencode({
    info,
    ...(trackers[0] === undefined ? {} : { announce: trackers[0], 'announce-list': [trackers] }),
  });
  const infoHash = createHash('sha1').update(bencode(info)).digest('hex');
  return { name, dir, files, size: files.reduce((sum, file) => sum + file.size, 0), bytes, infoHash };
}

/** Writes these files, at the top of a folder called `name`, under `dir` and makes a v1 torrent of them. */
export function payloadOf(dir: string, name: string, pieceLength: number, files: Readonly<Record<string, Uint8Array>>): Payload {
  mkdirSync(join(dir, name), { recursive: true });
  const all = Buffer.concat(Object.values(files));
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; at += pieceLength) {
    pieces.push(
      createHash('sha1')
        .update(all.subarray(at, at + pieceLength))
        .digest(),
    );
  }
  for (const [path, bytes] of Object.entries(files)) writeFileSync(join(dir, name, path), bytes);
  const list = Object.entries(files).map(([path, { length }]) => ({ path: [path], length }));
  const info = { name, 'piece length': pieceLength, pieces: Buffer.concat(pieces), files: list };
  const sized = list.map(({ path, length }) => ({ path, size: length }));
  const infoHash = createHash('sha1').update(bencode(info)).digest('hex');
  return { name, dir, files: sized, size: all.length, bytes: bencode({ info }), infoHash };
}

/** A magnet link with the peers to ask (BEP 9, `x.pe`). */
export function magnetOf(payload: Payload, peers: readonly string[], trackers: readonly string[] = []): string {
  const parts = [`xt=urn:btih:${payload.infoHash}`, `dn=${encodeURIComponent(payload.name)}`];
  for (const peer of peers) parts.push(`x.pe=${peer}`);
  for (const tracker of trackers) parts.push(`tr=${encodeURIComponent(tracker)}`);
  return `magnet:?${parts.join('&')}`;
}

/** Where two files differ first; -1 where they are equal. */
function firstDifference(a: string, b: string): number {
  const [fdA, fdB] = [openSync(a, 'r'), openSync(b, 'r')];
  try {
    const size = fstatSync(fdA).size;
    if (size !== fstatSync(fdB).size) return Math.min(size, fstatSync(fdB).size);
    const [bufferA, bufferB] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
    for (let at = 0; at < size; at += CHUNK) {
      const count = readSync(fdA, bufferA, 0, CHUNK, at);
      readSync(fdB, bufferB, 0, CHUNK, at);
      if (bufferA.compare(bufferB, 0, count, 0, count) !== 0) return at;
    }
    return -1;
  } finally {
    closeSync(fdA);
    closeSync(fdB);
  }
}

/** What of the payload under `dir` is not as it should be, a line a file; empty where every byte is right. */
export function differences(payload: Payload, dir: string): string[] {
  return payload.files.flatMap(({ path }) => {
    const name = join(payload.name, ...path);
    try {
      const at = firstDifference(join(payload.dir, name), join(dir, name));
      return at < 0 ? [] : [`${name} differs at or after byte ${at}`];
    } catch (error) {
      return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
