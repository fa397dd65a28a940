/** A good input or two of each target, for a run to begin with. */
import { Op } from '../../daemon/wire/frames.ts';
import { encode as encodeFrame, encodeBatch } from '../../daemon/wire/codec.ts';
import { encode } from '../../sw/engine/codec/bencode.ts';
import {
  encodeExtendedHandshake,
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
} from '../../sw/engine/codec/extensions.ts';
import { encodeHolepunch } from '../../sw/engine/codec/holepunch.ts';
import { encodeKrpc } from '../../sw/engine/codec/krpc.ts';
import type { KrpcMessage, Query } from '../../sw/engine/codec/krpc.ts';
import { encodeSearch } from '../../sw/engine/codec/lsd.ts';
import { encodeHandshake, encodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import { encodePex } from '../../sw/engine/codec/pex.ts';
import { encodeInfoRecord, encodeProgressRecord, encodeTorrentRecord } from '../../sw/engine/resume.ts';
import { encodeHandover } from '../../sw/engine/handover.ts';
import { encodeNews } from '../../sw/engine/news.ts';
import { DEFAULT_SETTINGS, encodeSettings } from '../../sw/engine/settings.ts';
import type { TargetName } from './targets.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const bytesOf = (...hex: string[]): Uint8Array => Uint8Array.from(Buffer.from(hex.join(''), 'hex'));
const hash = new Uint8Array(20).fill(7);
const pad = { attr: utf8('p'), length: 9, path: [utf8('.pad'), utf8('9')] };
const files = [{ length: 16_375, path: [utf8('a'), utf8('b.txt')] }, pad, { length: 5, path: [utf8('c')] }];
const info = { name: utf8('n'), 'piece length': 16_384, pieces: new Uint8Array(40), files };
const trackers = [[utf8('http://a/announce')], [utf8('udp://b:80')]];
const tree = { a: { '': { length: 5, 'pieces root': new Uint8Array(32) } } };
const v2 = { name: utf8('n'), 'piece length': 16_384, 'meta version': 2, 'file tree': tree };
/** The other side's words of an encrypted handshake; see mse.ts for the first three bytes. */
const mseWords = (head: number, ...words: readonly number[]): Uint8Array => Uint8Array.of(head, 3, 50, ...words);
const ZEROS = [0, 0, 0, 0, 0, 0, 0, 0];
const query = (said: Query): Uint8Array => encodeKrpc({ type: 'query', tx: utf8('aa'), id: hash, readOnly: false, query: said });
const node = { id: hash, host: '10.0.0.1', port: 80 };
const node6 = { id: hash, host: '2001:db8::1', port: 80 };
const filters = { seeds: new Uint8Array(256).fill(1), peers: new Uint8Array(256).fill(2) };
const found: KrpcMessage = {
  type: 'reply',
  tx: utf8('bb'),
  id: hash,
  ip: node,
  reply: { nodes: [node], nodes6: [node6], peers: [node, node6], token: hash, filters },
};

export const examples: Readonly<Record<TargetName, readonly Uint8Array[]>> = {
  bencode: [encode({ a: [1, -2, utf8('x')], b: {} })],
  metainfo: [encode({ announce: utf8('http://a/'), 'announce-list': trackers, comment: utf8('c'), info }), encode({ info: v2 })],
  magnet: [
    utf8(`magnet:?xt=urn:btih:${'a1'.repeat(20)}&dn=a+b&tr=http%3A%2F%2Fa%2Fb&x.pe=[::1]:80&so=1,3-4&ws=http://c/d`),
    utf8(`magnet:?xt.1=urn:btmh:1220${'b2'.repeat(32)}&xt.2=urn:btih:${'ABCDEFGH'.repeat(4)}`),
  ],
  'peer-wire': [
    encodeMessage({ type: 'request', piece: 1, begin: 2, length: 3 }).subarray(4),
    encodeMessage({ type: 'piece', piece: 1, begin: 2, block: hash }).subarray(4),
    encodeMessage({ type: 'extended', id: 1, payload: hash }).subarray(4),
    encodeMessage({ type: 'haveAll' }).subarray(4),
  ],
  handshake: [encodeHandshake({ infoHash: hash, peerId: hash, fast: true, extended: true, dht: false, v2: true })],
  extensions: [
    encodeExtendedHandshake({ m: { ut_metadata: 1 }, metadataSize: 9, reqq: 250, client: 'c', port: 80, uploadOnly: true }),
    encodeMetadataData(0, 20, hash),
    encodeMetadataRequest(3),
    encodeMetadataReject(3),
  ],
  mse: [
    // As the one that connected: PLAINTEXT and RC4 offered, RC4 selected behind a pad of two bytes, then a handshake.
    mseWords(0x07, ...ZEROS, 0, 0, 0, 2, 0, 2, 9, 9, ...new Array<number>(68).fill(1)),
    mseWords(0x17, ...new Array<number>(16).fill(8), ...ZEROS, 0, 0, 0, 1, 0, 0, ...new Array<number>(68).fill(1)),
    // As the one that was connected to: both offered, a pad of two bytes, and three bytes said at once.
    mseWords(0x06, ...ZEROS, 0, 0, 0, 3, 0, 2, 9, 9, 0, 3, 1, 2, 3),
    mseWords(0x24, ...new Array<number>(32).fill(8), ...ZEROS, 0, 0, 0, 2, 0, 0, 0, 0),
    mseWords(0x0e, ...new Array<number>(700).fill(8)),
  ],
  pex: [
    encodePex({
      added: [
        { ...node, flags: 3 },
        { ...node6, flags: 16 },
      ],
      dropped: [node, node6],
    }),
    encodePex({ added: [], dropped: [] }),
  ],
  krpc: [
    query({ method: 'ping' }),
    query({ method: 'find_node', target: hash, want: [4, 6] }),
    query({ method: 'get_peers', infoHash: hash, want: [], noSeed: true, scrape: true }),
    query({ method: 'announce_peer', infoHash: hash, port: 0, token: hash, seed: true }),
    encodeKrpc(found),
    encodeKrpc({ type: 'error', tx: hash, code: 201, text: 'no' }),
  ],
  'dht-record': [encode({ id4: hash, nodes4: new Uint8Array(52).fill(9), id6: hash, nodes6: new Uint8Array(38).fill(33) })],
  'handover-record': [
    encodeHandover({
      at: 5,
      since: 4,
      peerId: hash,
      key: 3,
      port: 6881,
      torrents: new Map([
        [
          'a1'.repeat(20),
          {
            trackers: [
              {
                url: 'http://a/',
                nextAt: 9,
                allowedAt: 8,
                earliestAt: 7,
                knowsUs: true,
                owesCompleted: true,
                failures: 1,
                trackerId: 'é',
                seeds: -1,
                leechers: 2,
              },
            ],
            peers: [
              { host: '10.0.0.1', port: 80, source: 'dht', isSeed: true, plain: true, v2: false, transport: 'utp' },
              { host: '2001:db8::1', port: 80, source: 'tracker', isSeed: false, plain: false, v2: true, transport: 'tcp' },
            ],
          },
        ],
      ]),
    }),
  ],
  'news-record': [encodeNews([{ id: 'a1'.repeat(20), name: 'n', what: 'failed', at: 5 }])],
  'settings-record': [encodeSettings({ ...DEFAULT_SETTINGS, encryption: 'require' })],
  tracker: [
    encode({ interval: 1800, complete: 1, incomplete: 2, peers: new Uint8Array(12).fill(9), peers6: new Uint8Array(18).fill(9) }),
    encode({ peers: [{ ip: utf8('10.0.0.1'), port: 80 }], 'warning message': utf8('w'), 'tracker id': utf8('t') }),
    encode({ 'failure reason': utf8('no') }),
  ],
  'udp-tracker': [
    Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 2, 10, 0, 0, 1, 0, 80),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8),
    Uint8Array.of(0, 0, 0, 3, 0, 0, 0, 1, 110, 111),
    utf8('udp://tracker.example:80/announce'),
  ],
  utp: [
    Uint8Array.of(0x41, 0, 3, 0xe8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0),
    Uint8Array.of(
      0x21,
      1,
      3,
      0xe8,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      0x10,
      0,
      0,
      0,
      1,
      0,
      0,
      2,
      4,
      1,
      0,
      0,
      0x80,
      0,
      8,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ),
    Uint8Array.of(0x01, 0, 3, 0xe8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 1, 2, 3),
  ],
  holepunch: [
    encodeHolepunch({ type: 'connect', address: { host: '80.0.0.1', port: 6881 }, error: 0 }),
    encodeHolepunch({ type: 'error', address: { host: '2001:db8::1', port: 1 }, error: 2 }),
  ],
  lsd: [
    encodeSearch(4, { port: 6881, infoHashes: ['a1'.repeat(20), 'b2'.repeat(20)], cookie: '1f' }),
    encodeSearch(6, { port: 1, infoHashes: ['c3'.repeat(20)], cookie: '' }),
  ],
  'ws-tracker': [
    utf8(`{"action":"announce","info_hash":"${'h'.repeat(20)}","interval":120,"complete":1,"incomplete":2}`),
    utf8(
      `{"action":"announce","info_hash":"${'h'.repeat(20)}","peer_id":"${'p'.repeat(20)}","offer_id":"o","offer":{"type":"offer","sdp":"v=0"}}`,
    ),
    utf8(`{"action":"scrape","files":{"${'h'.repeat(20)}":{"complete":1,"incomplete":2}}}`),
    utf8('{"failure reason":"no"}'),
  ],
  'torrent-record': [
    encodeTorrentRecord({
      hashes: { v1Hash: '11'.repeat(20), v2Hash: '22'.repeat(32) },
      name: 'n',
      trackers: [['http://a/']],
      peers: ['10.0.0.1:80'],
      webSeeds: ['http://w/f/'],
      httpSeeds: ['http://h/s'],
      sources: ['http://x/t'],
      comment: 'c',
      addedAt: 1,
      root: 'r',
      folder: 'other folder',
      renames: new Map([[1, ['sub', 'other']]]),
      strays: [{ naming: { root: 'old', folder: '', renames: new Map([[0, ['was']]]) }, files: new Set([0, 2]) }],
      paused: true,
      isPrivate: true,
      priorities: Uint8Array.of(2, 0),
      place: 1,
      stopped: { by: 'ratio', limit: 2 },
      seedsOn: true,
      awaited: null,
      absent: null,
      leaving: null,
      selectOnly: [[0, 1]],
      options: { ...DEFAULT_OPTIONS, labels: ['l'] },
    }),
  ],
  'info-record': [encodeInfoRecord({ info: hash, layers: new Map([['33'.repeat(32), new Uint8Array(64).fill(4)]]) })],
  'progress-record': [
    encodeProgressRecord({
      have: hash,
      maybe: [1, 2],
      stats: [{ size: 1, mtime: 2 }, null],
      parts: [[1, 0, 1]],
      partials: [[1, 0, 16384]],
      uploaded: 1,
      downloaded: 2,
      seeded: 6,
      doneAt: 3,
    }),
  ],
  addresses: [new Uint8Array(18).fill(1), utf8('[2001:db8::1]:6881'), utf8('example.org:80')],
  urls: [utf8('http://a.example:80/announce?x=1#y'), utf8('udp://b:80'), utf8('wss://c/')],
  paths: [utf8('a/b\na/B\na\nCON\n../x\na/b.')],
  frames: [
    encodeFrame({ op: Op.LAND_RESET, id: 0, buffer: 1, ranges: [{ offset: 0, length: 5 }] }),
    encodeBatch([
      encodeFrame({ op: Op.RESULT_ACK, id: 0, buffer: 1 }),
      encodeFrame({ op: Op.LAND_PUT, id: 0, buffer: 1, offset: 2, bytes: hash }),
    ]),
  ],
  control: [encodeFrame({ op: Op.RESULT_ACK, id: 0, buffer: 1 })],
  router: [
    // A MAP that is granted, an ANNOUNCE, and the two answers of NAT-PMP.
    bytesOf(
      '0281000000000e1000000064000000000000000000000000000000000000000000000000',
      '060000001ae11ae100000000000000000000ffff5102458e',
    ),
    bytesOf('028000000000000000000064000000000000000000000000'),
    bytesOf('008000000000006451024500'),
    bytesOf('00820000000000641ae11ae100000e10'),
  ],
  gateway: [
    utf8('HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: http://10.0.0.1:5000/root.xml\r\n\r\n'),
    utf8(
      '<root><URLBase>http://10.0.0.1:80/</URLBase><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/c?a&amp;b</controlURL></service></root>',
    ),
    utf8('<s:Fault><detail><UPnPError><errorCode a="b">725</errorCode></UPnPError></detail></s:Fault>'),
  ],
};
