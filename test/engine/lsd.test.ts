import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSearch, encodeSearch, MAX_LSD_BYTES, MAX_SEARCHED } from '../../sw/engine/codec/lsd.ts';
import type { PeerAddress } from '../../sw/engine/codec/address.ts';
import { LocalDiscovery } from '../../sw/engine/lsd.ts';
import type { LocalFollower } from '../../sw/engine/lsd.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (said: string): Uint8Array => new TextEncoder().encode(said);
const hashOf = (index: number): string => index.toString(16).padStart(40, '0');
const A = hashOf(0xa);
const B = hashOf(0xb);
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('a search', () => {
  const hash = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(raw => Buffer.from(raw).toString('hex'));
  const search = fc.record({
    port: fc.integer({ min: 1, max: 65535 }),
    infoHashes: fc.uniqueArray(hash, { minLength: 1, maxLength: MAX_SEARCHED }),
    cookie: fc.stringMatching(/^[0-9a-f]{0,16}$/),
  });

  it('comes back as it was, of either family, in a datagram of the size that BEP 14 allows', () => {
    fc.assert(
      fc.property(search, fc.constantFrom(4, 6), (said, family) => {
        const written = encodeSearch(family, said);
        expect(written.length).toBeLessThanOrEqual(MAX_LSD_BYTES);
        expect(decodeSearch(written)).toEqual(said);
      }),
    );
    const most = Array.from({ length: MAX_SEARCHED }, (_, index) => hashOf(index));
    const longest = encodeSearch(6, { port: 65535, infoHashes: most, cookie: 'f'.repeat(16) });
    expect(longest.length).toBeLessThanOrEqual(MAX_LSD_BYTES);
    expect(longest.length + 'Infohash: \r\n'.length + 40).toBeGreaterThan(MAX_LSD_BYTES - 60);
  });

  it('is in the form that BEP 14 shows', () => {
    expect(text(encodeSearch(4, { port: 6881, infoHashes: [A], cookie: 'x1' }))).toBe(
      `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${A}\r\ncookie: x1\r\n\r\n\r\n`,
    );
    expect(text(encodeSearch(6, { port: 6881, infoHashes: [A], cookie: 'x1' }))).toContain(
      '\r\nHost: [ff15::efc0:988f]:6771\r\n',
    );
  });

  it('is read as other clients write it: names and hashes in any case, other headers, no cookie, one line fewer at its end', () => {
    const read = decodeSearch(
      bytes(
        `BT-SEARCH * HTTP/1.1\r\nHOST: x\r\nPORT: 6881\r\nINFOHASH: ${B.toUpperCase()}\r\nInfohash:${A}\r\nX-More: 1\r\n\r\n`,
      ),
    );
    expect(read).toEqual({ port: 6881, infoHashes: [B, A], cookie: '' });
  });

  const good = `BT-SEARCH * HTTP/1.1\r\nHost: h\r\nPort: 1\r\nInfohash: ${A}\r\n\r\n\r\n`;
  it.each([
    ['nothing', ''],
    ['another request', good.replace('BT-SEARCH', 'M-SEARCH')],
    ['an answer', good.replace('BT-SEARCH * HTTP/1.1', 'HTTP/1.1 200 OK')],
    ['no port', good.replace('Port: 1\r\n', '')],
    ['port 0', good.replace('Port: 1', 'Port: 0')],
    ['a port too high', good.replace('Port: 1', 'Port: 65536')],
    ['a port that is none', good.replace('Port: 1', 'Port: -1')],
    ['two ports', good.replace('Port: 1', 'Port: 1\r\nPort: 2')],
    ['no torrent', good.replace(`Infohash: ${A}\r\n`, '')],
    ['a hash too short', good.replace(A, A.slice(1))],
    ['a hash too long', good.replace(A, `${A}0`)],
    ['a hash that is none', good.replace(A, `${A.slice(1)}g`)],
    ['a line that is no header', good.replace('Host: h', 'Host')],
    ['a header with control characters', good.replace('Host: h', 'Host: \u0001')],
    ['a header too long', good.replace('Host: h', `Host: ${'h'.repeat(201)}`)],
    ['a cookie too long', good.replace('Host: h', `cookie: ${'h'.repeat(65)}`)],
    ['no end', good.trimEnd()],
    ['bare line feeds', good.replaceAll('\r\n', '\n')],
    ['more than fits a datagram', good + ' '.repeat(MAX_LSD_BYTES)],
  ])('is none with %s', (_name, said) => {
    expect(decodeSearch(bytes(said))).toBeNull();
  });

  it('is read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), noise => {
        const read = decodeSearch(noise);
        if (read) expect(read.port).toBeGreaterThan(0);
      }),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = bytes(good);
        changed[at] = byte;
        const read = decodeSearch(changed);
        if (read) expect(decodeSearch(encodeSearch(4, { ...read, cookie: '' }))).toEqual({ ...read, cookie: '' });
      }),
    );
  });
});

describe('local discovery', () => {
  function setUp() {
    const sent: { at: number; family: number; hashes: readonly string[] }[] = [];
    const found = new Map<string, PeerAddress[]>();
    const state = { now: 0, port: 6881 };
    const lsd = new LocalDiscovery({
      cookie: 'ours',
      port: () => state.port,
      send: (family, raw) => sent.push({ at: state.now, family, hashes: decodeSearch(raw)?.infoHashes ?? [] }),
    });
    const torrent = (id: string, v2Hash: string | null = null): LocalFollower => ({
      id,
      hashes: { v1Hash: id, v2Hash },
      foundPeers: peers => found.set(id, [...(found.get(id) ?? []), ...peers]),
    });
    const run = (ms: number): void => {
      for (const end = state.now + ms; state.now < end; state.now += SECOND) lsd.tick(state.now);
    };
    const hear = (host: string, infoHashes: readonly string[] = [A], cookie = 'theirs', port = 7000): void =>
      lsd.receive(host, encodeSearch(4, { port, infoHashes, cookie }), state.now);
    return { lsd, sent, found, state, torrent, run, hear };
  }

  it('announces a torrent at once and every five minutes, to both families', () => {
    const { lsd, sent, torrent, run } = setUp();
    lsd.follow(torrent(A));
    run(10 * SECOND);
    expect(lsd.status(A).state).toBe('off');
    lsd.open(4);
    lsd.open(6);
    expect(lsd.status(A).state).toBe('waiting');
    run(16 * MINUTE);
    expect(sent.map(({ at, family }) => [at / SECOND, family])).toEqual(
      [10, 310, 610, 910].flatMap(at => [
        [at, 4],
        [at, 6],
      ]),
    );
    expect(lsd.status(A)).toMatchObject({ state: 'ok', peers: 0 });
  });

  it('sends one datagram a minute, with as many torrents as fit, newcomers first, each once in five minutes', () => {
    const { lsd, sent, torrent, run } = setUp();
    lsd.open(4);
    for (let index = 0; index < 60; index++) lsd.follow(torrent(hashOf(index)));
    run(90 * SECOND);
    lsd.follow(torrent(hashOf(1000)));
    run(210 * SECOND);
    expect(sent.map(({ at, hashes }) => [at / SECOND, hashes.length])).toEqual([
      [0, MAX_SEARCHED],
      [60, MAX_SEARCHED],
      [120, 60 - 2 * MAX_SEARCHED + 1],
    ]);
    expect(new Set(sent.flatMap(({ hashes }) => hashes)).size).toBe(61);
  });

  it('says nothing while no port is open, nothing of what is not followed, and nothing once it is closed', () => {
    const { lsd, sent, state, torrent, run } = setUp();
    state.port = 0;
    lsd.open(4);
    lsd.follow(torrent(A));
    run(MINUTE);
    expect(sent).toEqual([]);
    state.port = 6881;
    lsd.unfollow(A);
    run(MINUTE);
    lsd.follow(torrent(B));
    run(MINUTE);
    expect(sent.flatMap(({ hashes }) => hashes)).toEqual([B]);
    lsd.close();
    run(10 * MINUTE);
    expect(sent).toHaveLength(1);
    expect(lsd.status(B).state).toBe('off');
  });

  it('names a hybrid by both hashes, and is found by either', () => {
    const { lsd, sent, found, torrent, run, hear } = setUp();
    lsd.open(4);
    const v2 = 'ef'.repeat(32);
    lsd.follow(torrent(A));
    lsd.follow(torrent(A, v2));
    run(SECOND);
    expect(sent[0]?.hashes).toEqual([A, v2.slice(0, 40)]);
    hear('192.168.1.7', [v2.slice(0, 40)]);
    expect(found.get(A)).toEqual([{ host: '192.168.1.7', port: 7000 }]);
    lsd.unfollow(A);
    hear('192.168.1.8', [v2.slice(0, 40), A]);
    expect(found.get(A)).toHaveLength(1);
  });

  it('finds who is on the same network, and believes nobody else', () => {
    const { lsd, found, torrent, hear } = setUp();
    lsd.open(4);
    lsd.follow(torrent(A));
    for (const host of ['8.8.8.8', '127.0.0.1', '::1', '0.0.0.0', '224.0.0.1', '2001:db8::1', 'name']) hear(host);
    hear('192.168.1.7', [B]);
    hear('192.168.1.7', [A], 'ours');
    expect(found.size).toBe(0);
    hear('192.168.1.7', [B, A]);
    hear('fd00::7');
    expect(found.get(A)).toEqual([
      { host: '192.168.1.7', port: 7000 },
      { host: 'fd00::7', port: 7000 },
    ]);
    expect(lsd.status(A).peers).toBe(2);
  });

  it('takes 200 peers of a torrent and no more', () => {
    const { lsd, found, state, torrent, hear } = setUp();
    lsd.open(4);
    lsd.follow(torrent(A));
    for (let host = 0; host < 400; host++, state.now += SECOND) hear(`10.0.${host >> 8}.${host & 255}`);
    expect(found.get(A)).toHaveLength(200);
    hear('10.0.0.1');
    expect(lsd.status(A).peers).toBe(200);
  });

  it('reads fifty datagrams of a host in ten seconds, and 500 of all', () => {
    const { lsd, found, state, torrent, hear } = setUp();
    lsd.open(4);
    for (let index = 0; index < 2000; index++) lsd.follow(torrent(hashOf(index)));
    for (let index = 0; index < 200; index++) hear('10.0.0.1', [hashOf(index)]);
    expect(found.size).toBe(50);
    for (let index = 0; index < 1000; index++) hear(`10.1.${index >> 8}.${index & 255}`, [hashOf(200 + index)]);
    expect(found.size).toBe(500);
    state.now += 11 * SECOND;
    hear('10.2.0.1', [hashOf(1999)]);
    expect(found.size).toBe(501);
  });
});
