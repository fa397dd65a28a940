/** What is fuzzed: every decoder of bytes from outside. A target takes any bytes and throws only where the decoder is wrong. */
import assert from 'node:assert/strict';
import { splitMessage, decodeFrame, encode as encodeFrame, encodeBatch } from '../../daemon/wire/codec.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import { WireError } from '../../daemon/wire/bytes.ts';
import { parseHostPort, unpackPeers } from '../../sw/engine/codec/address.ts';
import { decode, encode } from '../../sw/engine/codec/bencode.ts';
import { decodeExtendedHandshake, decodeMetadata } from '../../sw/engine/codec/extensions.ts';
import { decodeSearch, encodeSearch, MAX_SEARCHED } from '../../sw/engine/codec/lsd.ts';
import { formatMagnet, parseMagnet } from '../../sw/engine/codec/magnet.ts';
import type { Magnet } from '../../sw/engine/codec/magnet.ts';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { distinctPaths, safeName } from '../../sw/engine/codec/paths.ts';
import { decodeHandshake, decodeMessage, encodeHandshake, encodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import { parseAnnounce } from '../../sw/engine/codec/tracker.ts';
import { parseUdpReply, parseUdpTracker } from '../../sw/engine/codec/udp-tracker.ts';
import { trackerUrl, webSeedUrl } from '../../sw/engine/codec/urls.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { decodeProgressRecord, decodeTorrentRecord, encodeProgressRecord, encodeTorrentRecord } from '../../sw/engine/resume.ts';

export type Target = (input: Uint8Array) => void;

const text = (input: Uint8Array): string => new TextDecoder().decode(input);

/** The value, or null where the decoder refused by its own kind of error; any other error goes on. */
function refused<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError || error instanceof WireError) return null;
    throw error;
  }
}

export const targets = {
  bencode: input => {
    const decoded = refused(() => decode(input));
    // What is written is canonical: read and written again it is the same, byte for byte.
    const written = decoded && refused(() => encode(decoded.value));
    if (written) assert.deepEqual(encode(decode(written).value), written);
  },
  metainfo: input => {
    const torrent = refused(() => parseTorrent(input));
    if (!torrent) return;
    for (const { path } of torrent.layout.files) assert.deepEqual(path.map(safeName), path, 'a path that is not safe');
  },
  magnet: input => {
    const magnet = refused(() => parseMagnet(text(input)));
    if (!magnet) return;
    // What is written can be longer than what was read, and then too long.
    const again = refused(() => parseMagnet(formatMagnet(magnet)));
    const said = ({ v1Hash, v2Hash, trackers, webSeeds, selectOnly }: Magnet): unknown => [
      v1Hash,
      v2Hash,
      trackers,
      webSeeds,
      selectOnly,
    ];
    if (again) assert.deepEqual(said(again), said(magnet));
  },
  'peer-wire': input => {
    const message = refused(() => decodeMessage(input));
    if (message && message.type !== 'unknown') assert.deepEqual(decodeMessage(encodeMessage(message).subarray(4)), message);
  },
  handshake: input => {
    const handshake = decodeHandshake(input);
    if (handshake) assert.deepEqual(decodeHandshake(encodeHandshake(handshake)), handshake);
  },
  extensions: input => {
    refused(() => decodeExtendedHandshake(input));
    refused(() => decodeMetadata(input));
  },
  tracker: input => void parseAnnounce(input),
  'udp-tracker': input => {
    parseUdpReply(input, 4);
    parseUdpReply(input, 16);
    parseUdpTracker(text(input));
  },
  lsd: input => {
    const search = decodeSearch(input);
    // What is written carries our own short cookie, and no more torrents than fit.
    const said = search && { ...search, cookie: '1f', infoHashes: search.infoHashes.slice(0, MAX_SEARCHED) };
    if (said) for (const family of [4, 6] as const) assert.deepEqual(decodeSearch(encodeSearch(family, said)), said);
  },
  'torrent-record': input => {
    const record = decodeTorrentRecord(input);
    if (record) assert.deepEqual(decodeTorrentRecord(encodeTorrentRecord(record)), record);
  },
  'progress-record': input => {
    const record = decodeProgressRecord(input);
    if (record) assert.deepEqual(decodeProgressRecord(encodeProgressRecord(record)), record);
  },
  addresses: input => {
    for (const bytes of [4, 16] as const) {
      for (const { host, port } of unpackPeers(input, bytes, 100)) {
        const shown = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        assert.deepEqual(parseHostPort(shown), { host, port });
      }
    }
    parseHostPort(text(input));
  },
  urls: input => {
    for (const read of [trackerUrl, webSeedUrl]) {
      const url = read(text(input));
      if (url !== null) assert.equal(read(url), url);
    }
  },
  paths: input => {
    const paths = text(input)
      .split('\n')
      // No torrent with deeper ones comes as far as this.
      .map(path => path.split('/', 100));
    const distinct = refused(() => distinctPaths(paths));
    if (distinct) assert.equal(new Set(distinct.map(path => path.join('/').toLowerCase())).size, distinct.length);
  },
  frames: input => {
    const frames = refused(() => splitMessage(input, 1 << 20)) ?? [];
    const read = frames.map(frame => refused(() => decodeFrame(frame))).filter(frame => frame !== null);
    for (const frame of read) assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
    if (read.length > 1) assert.equal(splitMessage(encodeBatch(read.map(encodeFrame)), 1 << 24).length, read.length);
  },
  control: input => {
    const frame = refused(() => decodeControl(input));
    if (frame) assert.deepEqual(decodeControl(encodeControl(frame)), frame);
  },
} satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;
export const targetNames = Object.keys(targets) as TargetName[];
