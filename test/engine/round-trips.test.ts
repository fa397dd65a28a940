/** What we write and read back ourselves, and what we ask: whatever it says comes back as it was, and the same bytes say it again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeExtendedHandshake,
  decodeMetadata,
  encodeExtendedHandshake,
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
} from '../../sw/engine/codec/extensions.ts';
import { announceUrl } from '../../sw/engine/codec/tracker.ts';
import type { AnnounceRequest } from '../../sw/engine/codec/tracker.ts';
import { encodeAnnounce } from '../../sw/engine/codec/udp-tracker.ts';
import { MAX_RATE, MIN_RATE } from '../../sw/engine/limits.ts';
import { toHex } from '../../sw/engine/model/ids.ts';
import { MAX_BANNED_HERE, MAX_LABEL, MAX_LABELS } from '../../sw/engine/options.ts';
import type { TorrentOptions } from '../../sw/engine/options.ts';
import {
  decodeInfoRecord,
  decodeProgressRecord,
  decodeTorrentRecord,
  encodeInfoRecord,
  encodeProgressRecord,
  encodeTorrentRecord,
} from '../../sw/engine/resume.ts';
import type { InfoRecord, ProgressRecord, TorrentRecord } from '../../sw/engine/resume.ts';
import { decodeSettings, encodeSettings, MAX_ACTIVE, MAX_CONNECTIONS, MAX_RATIO } from '../../sw/engine/settings.ts';
import { MAX_BANNED, MAX_SEEDING_TIME, MAX_STUN_SERVERS, MAX_UPLOADS } from '../../sw/engine/settings.ts';
import type { Settings } from '../../sw/engine/settings.ts';

const plain = (value: Uint8Array): Uint8Array => Uint8Array.from(value);
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const some = (maxLength = 40): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('é', 'Straße 7', '日本語', 'a\u0301', '😀'));
const hash = bytes(20).map(toHex);
const tree = bytes(32).map(toHex);
const rate = fc.oneof(fc.constant(0), fc.integer({ min: MIN_RATE, max: MAX_RATE }));
const hundredths = (most: number): fc.Arbitrary<number> => fc.nat(most * 100).map(value => value / 100);
const size = fc.maxSafeNat();

function comesBack<T>(values: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, read: (bytes: Uint8Array) => T | null): void {
  fc.assert(
    fc.property(values, value => {
      const written = encode(value);
      const again = read(written);
      expect(again).toEqual(value);
      if (again !== null) expect(plain(encode(again))).toEqual(plain(written));
    }),
  );
}

describe('records come back as they were, byte for byte:', () => {
  it('the settings', () => {
    const settings: fc.Arbitrary<Settings> = fc.record({
      encryption: fc.constantFrom('off', 'prefer', 'require'),
      utp: fc.boolean(),
      lsd: fc.boolean(),
      preallocate: fc.boolean(),
      portMapping: fc.boolean(),
      webrtc: fc.boolean(),
      maxActiveDownloads: fc.nat(MAX_ACTIVE),
      maxActiveSeeds: fc.nat(MAX_ACTIVE),
      maxActive: fc.nat(MAX_ACTIVE),
      stopRatio: hundredths(MAX_RATIO),
      stopSeedingTime: fc.nat(MAX_SEEDING_TIME),
      stunServers: fc.array(fc.constantFrom('stun:a.example:3478', 'stun:[2001:db8::1]:1'), { maxLength: MAX_STUN_SERVERS }),
      maxConnections: fc.integer({ min: 1, max: MAX_CONNECTIONS }),
      maxUploads: fc.integer({ min: 2, max: MAX_UPLOADS }),
      downLimit: rate,
      upLimit: rate,
      altDownLimit: rate,
      altUpLimit: rate,
      altMode: fc.constantFrom('off', 'on', 'scheduled'),
      altSchedule: fc.array(fc.nat(2 ** 24 - 1), { minLength: 7, maxLength: 7 }),
      pauseSchedule: fc.array(fc.nat(2 ** 24 - 1), { minLength: 7, maxLength: 7 }),
      banned: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: MAX_BANNED }),
    });
    comesBack(settings, encodeSettings, decodeSettings);
  });

  it('a torrent', () => {
    const options: fc.Arbitrary<TorrentOptions> = fc.record({
      labels: fc.array(fc.string({ minLength: 1, maxLength: MAX_LABEL }), { maxLength: MAX_LABELS }),
      forceStart: fc.boolean(),
      stopRatio: fc.option(hundredths(MAX_RATIO)),
      stopSeedingTime: fc.option(fc.nat(MAX_SEEDING_TIME)),
      sequential: fc.boolean(),
      firstLast: fc.boolean(),
      downLimit: rate,
      upLimit: rate,
      superSeeding: fc.boolean(),
      banned: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: MAX_BANNED_HERE }),
    });
    const renames = fc
      .array(fc.tuple(fc.nat(50), fc.array(text, { minLength: 1, maxLength: 3 })), { maxLength: 5 })
      .map(entries => new Map(entries));
    const naming = fc.record({ root: text, folder: text, renames });
    const files = fc.uniqueArray(fc.nat(100), { maxLength: 6 }).map(indexes => new Set(indexes.sort((a, b) => a - b)));
    const record: fc.Arbitrary<TorrentRecord> = fc.record({
      hashes: fc.oneof(
        fc.record({ v1Hash: hash, v2Hash: fc.option(tree) }),
        fc.record({ v1Hash: fc.constant(null), v2Hash: tree }),
        fc.constant(null),
      ),
      name: text,
      trackers: fc.array(fc.array(text, { maxLength: 3 }), { maxLength: 3 }),
      peers: fc.array(text, { maxLength: 3 }),
      webSeeds: fc.array(text, { maxLength: 3 }),
      httpSeeds: fc.array(text, { maxLength: 3 }),
      sources: fc.array(text, { maxLength: 3 }),
      comment: text,
      addedAt: size,
      root: text,
      folder: text,
      renames,
      strays: fc.array(fc.record({ naming, files }), { maxLength: 3 }),
      isPrivate: fc.boolean(),
      paused: fc.boolean(),
      priorities: fc.array(fc.nat(4), { maxLength: 20 }).map(levels => Uint8Array.from(levels)),
      selectOnly: fc.option(fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 })),
      options,
      place: size,
      stopped: fc.option(fc.record({ by: fc.constantFrom('ratio' as const, 'time' as const), limit: hundredths(MAX_RATIO) })),
      seedsOn: fc.boolean(),
      awaited: fc.option(text),
      absent: fc.option(files),
      leaving: fc.option(fc.record({ withData: fc.boolean(), at: fc.nat(2 ** 40) })),
    });
    comesBack(record, encodeTorrentRecord, decodeTorrentRecord);
  });

  it('what its files are', () => {
    const layers = fc.array(fc.tuple(tree, some()), { maxLength: 4 }).map(entries => new Map(entries));
    const record: fc.Arbitrary<InfoRecord> = fc.record({ info: some(200), layers });
    comesBack(record, encodeInfoRecord, decodeInfoRecord);
  });

  it('how far it is', () => {
    const record: fc.Arbitrary<ProgressRecord> = fc.record({
      have: some(),
      maybe: fc.array(fc.nat(), { maxLength: 5 }),
      stats: fc.array(fc.option(fc.record({ size, mtime: size })), { maxLength: 5 }),
      parts: fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 4 }),
      partials: fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 4 }),
      uploaded: size,
      downloaded: size,
      doneAt: size,
      seeded: size,
    });
    comesBack(record, encodeProgressRecord, decodeProgressRecord);
  });
});

describe('messages of extensions come back as they were:', () => {
  it('those of ut_metadata, byte for byte', () => {
    const piece = fc.nat(1900);
    comesBack(
      piece.map(index => ({ kind: 'request' as const, piece: index })),
      message => encodeMetadataRequest(message.piece),
      read => decodeMetadata(read) as { kind: 'request'; piece: number },
    );
    comesBack(
      piece.map(index => ({ kind: 'reject' as const, piece: index })),
      message => encodeMetadataReject(message.piece),
      read => decodeMetadata(read) as { kind: 'reject'; piece: number },
    );
    // The last part of the metadata, which is as short as it has to be.
    const data = fc.tuple(piece, fc.uint8Array({ minLength: 1, maxLength: 100 })).map(([index, part]) => {
      return { kind: 'data' as const, piece: index, total: index * 16_384 + part.length, bytes: part };
    });
    comesBack(
      data,
      message => encodeMetadataData(message.piece, message.total, message.bytes),
      read => decodeMetadata(read) as { kind: 'data'; piece: number; total: number; bytes: Uint8Array<ArrayBuffer> },
    );
  });

  it('what we say of ourselves', () => {
    const said = fc.record({
      m: fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,11}$/), fc.integer({ min: 1, max: 255 }), { maxKeys: 5 }),
      metadataSize: fc.option(fc.integer({ min: 1, max: 30 << 20 })),
      reqq: fc.integer({ min: 1, max: 2 ** 31 }),
      client: fc.stringMatching(/^[A-Za-z0-9]{1,10}( [A-Za-z0-9.]{1,10})?$/),
      port: fc.option(fc.integer({ min: 1, max: 65_535 })),
      yourIp: fc.option(fc.oneof(bytes(4), bytes(16))),
      uploadOnly: fc.boolean(),
    });
    fc.assert(
      fc.property(said, own => {
        const { m, prefersEncryption, yourIp, ...heard } = decodeExtendedHandshake(encodeExtendedHandshake(own));
        expect(Object.fromEntries(m)).toEqual({ ...own.m });
        expect(yourIp && plain(yourIp)).toEqual(own.yourIp);
        const { metadataSize, reqq, client, port, uploadOnly } = own;
        expect({ ...heard, prefersEncryption }).toEqual({
          metadataSize,
          reqq,
          client,
          port,
          uploadOnly,
          prefersEncryption: null,
        });
      }),
    );
  });
});

describe('what trackers are asked says what it is to say:', () => {
  const request: fc.Arbitrary<AnnounceRequest> = fc.record({
    infoHash: bytes(20),
    peerId: bytes(20),
    port: fc.integer({ min: 1, max: 65_535 }),
    uploaded: size,
    downloaded: size,
    left: size,
    event: fc.constantFrom('started', 'completed', 'stopped', 'paused', null),
    numwant: fc.nat(200),
    key: fc.nat(0xffffffff),
    trackerId: fc.constantFrom('', 'a%20b'),
  });

  it('over HTTP, behind whatever the address has already', () => {
    fc.assert(
      fc.property(request, fc.constantFrom('', '?passkey=x', '?', '#top'), (asked, rest) => {
        const query = (announceUrl(`http://t.example/announce${rest}`, asked).split('?', 2)[1] ?? '').split('&');
        const fields = new Map(query.map(field => field.split('=', 2) as [string, string]));
        const raw = (name: string): number[] => [...Buffer.from(unescape(fields.get(name) ?? ''), 'latin1')];
        expect(raw('info_hash')).toEqual([...asked.infoHash]);
        expect(raw('peer_id')).toEqual([...asked.peerId]);
        for (const name of ['port', 'uploaded', 'downloaded', 'left', 'numwant'] as const) {
          expect(fields.get(name), name).toBe(String(asked[name]));
        }
        expect(parseInt(fields.get('key') ?? '', 16)).toBe(asked.key);
        expect(fields.get('event') ?? null).toBe(asked.event);
        expect(fields.get('trackerid') ?? '').toBe(asked.trackerId);
        expect(fields.get('passkey')).toBe(rest.includes('passkey') ? 'x' : undefined);
      }),
    );
  });

  it('over UDP, with the rest of the address behind it', () => {
    fc.assert(
      fc.property(
        request,
        bytes(8),
        fc.nat(0xffffffff),
        fc.string({ maxLength: 600 }),
        (asked, connection, transaction, rest) => {
          const said = Buffer.from(encodeAnnounce(connection, transaction, rest, asked));
          expect([said.subarray(0, 8), said.subarray(16, 36), said.subarray(36, 56)].map(plain)).toEqual(
            [connection, asked.infoHash, asked.peerId].map(plain),
          );
          expect([said.readUInt32BE(8), said.readUInt32BE(12), said.readUInt32BE(84)]).toEqual([1, transaction, 0]);
          const totals = [56, 64, 72].map(at => Number(said.readBigUInt64BE(at)));
          expect(totals).toEqual([asked.downloaded, asked.left, asked.uploaded]);
          const events = { completed: 1, started: 2, stopped: 3, paused: 0 };
          expect(said.readUInt32BE(80)).toBe(asked.event === null ? 0 : events[asked.event]);
          expect([said.readUInt32BE(88), said.readInt32BE(92), said.readUInt16BE(96)]).toEqual([
            asked.key,
            asked.numwant,
            asked.port,
          ]);
          let address = '';
          for (let at = 98; at < said.length; at += 2 + said[at + 1]!) {
            expect(said[at]).toBe(2);
            address += said.subarray(at + 2, at + 2 + said[at + 1]!).toString();
          }
          expect(address).toBe(rest);
        },
      ),
    );
  });
});
