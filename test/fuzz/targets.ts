/** What is fuzzed: every decoder of bytes from outside. A target takes any bytes and throws only where the decoder is wrong. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { errorCodeOf, readDescription, readLocation } from '../../daemon/host/portmap/igd-codec.ts';
import { decodeAddress, decodeMapping } from '../../daemon/host/portmap/nat-pmp-codec.ts';
import { decodeAnswer, decodeMap, isOtherVersion } from '../../daemon/host/portmap/pcp-codec.ts';
import { splitMessage, decodeFrame, encode as encodeFrame, encodeBatch } from '../../daemon/wire/codec.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import { emptyPacket, HEADER_BYTES, looksLikePacket, readPacket } from '../../daemon/io/utp/packet.ts';
import { WireError } from '../../daemon/wire/bytes.ts';
import { parseHostPort, unpackPeers } from '../../sw/engine/codec/address.ts';
import { decode, encode } from '../../sw/engine/codec/bencode.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodeMetadata,
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
} from '../../sw/engine/codec/extensions.ts';
import { decodeHolepunch, encodeHolepunch } from '../../sw/engine/codec/holepunch.ts';
import { decodeKrpc, encodeKrpc } from '../../sw/engine/codec/krpc.ts';
import type { KrpcMessage } from '../../sw/engine/codec/krpc.ts';
import { decodeSearch, encodeSearch, MAX_SEARCHED } from '../../sw/engine/codec/lsd.ts';
import { formatMagnet, parseMagnet } from '../../sw/engine/codec/magnet.ts';
import type { Magnet } from '../../sw/engine/codec/magnet.ts';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { distinctPaths, safeName } from '../../sw/engine/codec/paths.ts';
import { decodeHandshake, decodeMessage, encodeHandshake, encodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import { decodePex, encodePex } from '../../sw/engine/codec/pex.ts';
import { parseAnnounce, parseScrape } from '../../sw/engine/codec/tracker.ts';
import { parseUdpReply, parseUdpTracker } from '../../sw/engine/codec/udp-tracker.ts';
import { isWsTracker, MAX_SDP, parseWsMessage } from '../../sw/engine/codec/ws-tracker.ts';
import { trackerUrl, webSeedUrl } from '../../sw/engine/codec/urls.ts';
import { Dht } from '../../sw/engine/dht/dht.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import {
  decodeInfoRecord,
  decodeProgressRecord,
  decodeTorrentRecord,
  encodeInfoRecord,
  encodeProgressRecord,
  encodeTorrentRecord,
} from '../../sw/engine/resume.ts';
import { decodeHandover, encodeHandover } from '../../sw/engine/handover.ts';
import { decodeNews, encodeNews } from '../../sw/engine/news.ts';
import { decodeSettings, encodeSettings } from '../../sw/engine/settings.ts';
import { seeded } from '../sim/clock.ts';
import { mse } from './mse.ts';

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

/** A value is written as bytes that give it again, and that are the same when it is written once more. */
function stable<T>(value: T, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T | null): void {
  const bytes = encode(value);
  const again = decode(bytes);
  assert.deepEqual(again, value);
  if (again !== null) assert.deepEqual(Uint8Array.from(encode(again)), Uint8Array.from(bytes));
}

/** What a DHT that was restored from this records, once every node that it asked has answered. */
function recordOf(restored: Uint8Array): Uint8Array | null {
  let record: Uint8Array | null = null;
  const random = seeded(1);
  const dht = new Dht({
    random: count => Uint8Array.from({ length: count }, () => random() * 256),
    send: (host, port, bytes) => {
      const asked = decodeKrpc(bytes);
      const id = new Uint8Array(20).fill(port);
      const reply = { nodes: [], nodes6: [], peers: [], token: null, filters: null };
      const family = host.includes(':') ? 6 : 4;
      if (asked.type === 'query') {
        answers.push(() => dht.receive(family, host, port, encodeKrpc({ type: 'reply', tx: asked.tx, id, ip: null, reply }), 5));
      }
    },
    resolve: (_host, _port, done) => done([]),
    own: { address: () => null, seenAs: () => undefined, isOurs: () => false },
    record: bytes => (record = bytes),
  });
  const answers: (() => void)[] = [];
  dht.restore(restored);
  dht.open(4, 6881, 0);
  dht.open(6, 6881, 0);
  for (let now = 0; now <= 3000; now += 1000) {
    dht.tick(now);
    for (const answer of answers.splice(0)) answer();
  }
  dht.close();
  return record;
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
    if (message && message.type !== 'unknown')
      stable(
        message,
        value => encodeMessage(value).subarray(4),
        bytes => decodeMessage(bytes) as typeof message,
      );
  },
  handshake: input => {
    const handshake = decodeHandshake(input);
    if (handshake) stable(handshake, encodeHandshake, decodeHandshake);
  },
  extensions: input => {
    refused(() => decodeExtendedHandshake(input));
    refused(() => decodeDontHave(input));
    const metadata = refused(() => decodeMetadata(input));
    if (metadata?.kind === 'data') {
      stable(
        metadata,
        ({ piece, total, bytes }) => encodeMetadataData(piece, total, bytes),
        bytes => decodeMetadata(bytes) as typeof metadata,
      );
    } else if (metadata) {
      const encode = metadata.kind === 'request' ? encodeMetadataRequest : encodeMetadataReject;
      stable(
        metadata,
        ({ piece }) => encode(piece),
        bytes => decodeMetadata(bytes) as typeof metadata,
      );
    }
  },
  mse,
  pex: input => {
    const message = refused(() => decodePex(input));
    if (message) stable(message, encodePex, decodePex);
  },
  krpc: input => {
    const message = refused(() => decodeKrpc(input));
    if (!message || (message.type === 'query' && message.query.method === 'unknown')) return;
    // Written with our version, one that filled its datagram may be too long.
    const again = refused(() => decodeKrpc(encodeKrpc(message)));
    if (again) stable<KrpcMessage>(message, encodeKrpc, decodeKrpc);
  },
  'dht-record': input => {
    const record = recordOf(input);
    if (record) assert.equal(recordOf(record)?.length, record.length, 'a record that loses what it keeps');
  },
  'settings-record': input => stable(decodeSettings(input), encodeSettings, decodeSettings),
  tracker: input => {
    parseAnnounce(input);
    parseScrape(input, input.subarray(0, 20));
  },
  'udp-tracker': input => {
    parseUdpReply(input, 4);
    parseUdpReply(input, 16);
    parseUdpTracker(text(input));
  },
  utp: input => {
    const packet = emptyPacket();
    if (!readPacket(Buffer.from(input), packet)) return;
    assert.ok(
      looksLikePacket(input) && packet.payload >= HEADER_BYTES && packet.payload <= input.length,
      'a payload that is elsewhere',
    );
    assert.ok((packet.mask?.length ?? 0) < 256);
  },
  holepunch: input => {
    const message = refused(() => decodeHolepunch(input));
    if (message) assert.deepEqual(decodeHolepunch(encodeHolepunch(message)), message);
  },
  lsd: input => {
    const search = decodeSearch(input);
    // What is written carries our own short cookie, and no more torrents than fit.
    const said = search && { ...search, cookie: '1f', infoHashes: search.infoHashes.slice(0, MAX_SEARCHED) };
    if (said) for (const family of [4, 6] as const) assert.deepEqual(decodeSearch(encodeSearch(family, said)), said);
  },
  'ws-tracker': input => {
    const message = parseWsMessage(text(input));
    if (message.kind === 'offer' || message.kind === 'answer') {
      assert.match(message.infoHash, /^[0-9a-f]{40}$/);
      assert.ok(message.peerId.length === 20 && message.offerId.length <= 64 && message.sdp.length <= MAX_SDP);
    }
    isWsTracker(text(input));
  },
  'torrent-record': input => {
    const record = decodeTorrentRecord(input);
    if (record) stable(record, encodeTorrentRecord, decodeTorrentRecord);
  },
  'info-record': input => {
    const record = decodeInfoRecord(input);
    if (record) stable(record, encodeInfoRecord, decodeInfoRecord);
  },
  'progress-record': input => {
    const record = decodeProgressRecord(input);
    if (record) stable(record, encodeProgressRecord, decodeProgressRecord);
  },
  'handover-record': input => {
    const record = decodeHandover(input);
    if (record) stable(record, encodeHandover, decodeHandover);
  },
  'news-record': input => stable(decodeNews(input), encodeNews, decodeNews),
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
    for (const frame of read) stable(frame, encodeFrame, decodeFrame);
    if (read.length > 1) assert.equal(splitMessage(encodeBatch(read.map(encodeFrame)), 1 << 24).length, read.length);
  },
  control: input => {
    const frame = refused(() => decodeControl(input));
    if (frame) stable(frame, encodeControl, decodeControl);
  },
  router: input => {
    const wish = { protocol: 'tcp', port: 6881 } as const;
    const granted = decodeMap(input, { ...wish, nonce: new Uint8Array(12), client: '10.0.0.2', suggestedPort: 1, lifetime: 1 });
    if (granted) assert.ok(isIP(granted.externalAddress), 'no address');
    decodeAnswer(input);
    isOtherVersion(input);
    const address = decodeAddress(input)?.address ?? '';
    assert.ok(address === '' || isIP(address), 'no address');
    const mapping = decodeMapping(input, wish);
    if (mapping) assert.ok(mapping.externalPort < 65_536, 'no port');
  },
  gateway: input => {
    const said = text(input);
    const location = readLocation(said, '10.0.0.1');
    const services = readDescription(said, new URL('http://10.0.0.1/'));
    for (const url of [location, ...services.map(({ controlUrl }) => controlUrl)]) {
      if (url) assert.equal(`${url.protocol}//${url.hostname}`, 'http://10.0.0.1', 'another host');
    }
    assert.ok(Number.isSafeInteger(errorCodeOf(said)));
  },
} satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;
export const targetNames = Object.keys(targets) as TargetName[];
