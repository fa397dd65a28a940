import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipText, parseHostPort, unpackPeers } from '../../sw/engine/codec/address.ts';
import { encode, type BValue } from '../../sw/engine/codec/bencode.ts';
import { announceUrl, parseAnnounce, parseScrape, scrapeUrl, type AnnounceAnswer } from '../../sw/engine/codec/tracker.ts';
import { fromHex } from '../../sw/engine/model/ids.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const request = {
  infoHash: fromHex('124e7f3a00ff61626364207e2d5f2e2f3f262b25'),
  peerId: bytes('-SG0100-abcdefghijkl'),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 3,
  event: 'started' as const,
  numwant: 100,
  key: 0xff,
  trackerId: '',
};

function answer(fields: Record<string, BValue>): AnnounceAnswer {
  const read = parseAnnounce(encode(fields));
  if ('failure' in read) throw new Error(read.failure);
  return read;
}

describe('the announce address', () => {
  it('carries each byte of the hash, and all the fields', () => {
    expect(announceUrl('http://t.example/announce', request)).toBe(
      'http://t.example/announce?info_hash=%12N%7F%3A%00%FFabcd%20~-_.%2F%3F%26%2B%25&peer_id=-SG0100-abcdefghijkl' +
        '&port=6881&uploaded=1&downloaded=2&left=3&compact=1&numwant=100&key=000000ff&event=started',
    );
  });

  it('keeps what the tracker has in its own', () => {
    const start = (base: string): string => announceUrl(base, request).split('info_hash')[0]!;
    expect(start('http://t.example/a?passkey=x%2F')).toBe('http://t.example/a?passkey=x%2F&');
    expect(start('http://t.example/a?')).toBe('http://t.example/a?');
    expect(start('http://t.example/a?b&')).toBe('http://t.example/a?b&');
    expect(start('http://t.example/a#part')).toBe('http://t.example/a?');
  });

  it('leaves out an event that is none, and sends a tracker its id back', () => {
    const { trackerId } = answer({ 'tracker id': Uint8Array.of(0x41, 0x26, 0xff) });
    const url = announceUrl('http://t.example/a', { ...request, event: null, trackerId });
    expect(url).not.toContain('event=');
    expect(url).toMatch(/&trackerid=A%26%FF$/);
  });

  it('gives the bytes back that went in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), infoHash => {
        const encoded = /info_hash=([^&]*)/.exec(announceUrl('http://t.example/a', { ...request, infoHash }))![1]!;
        const decoded = encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
        expect(Uint8Array.from(decoded, character => character.charCodeAt(0))).toEqual(infoHash);
      }),
    );
  });
});

describe('the answer', () => {
  it('is read in full', () => {
    const read = answer({
      interval: 1800,
      'min interval': 60,
      complete: 5,
      incomplete: 7,
      'warning message': bytes('soon'),
      'tracker id': bytes('id'),
      'external ip': Uint8Array.of(1, 2, 3, 4),
      peers: Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1, 10, 0, 0, 2, 0x1a, 0xe2),
      peers6: fromHex('20010db8000000000000000000000001' + '1ae1'),
    });
    expect(read).toEqual({
      interval: 1800,
      minInterval: 60,
      complete: 5,
      incomplete: 7,
      warning: 'soon',
      trackerId: 'id',
      externalIp: '1.2.3.4',
      peers: [
        { host: '10.0.0.1', port: 6881 },
        { host: '10.0.0.2', port: 6882 },
        { host: '2001:db8::1', port: 6881 },
      ],
    });
  });

  it('may list its peers the older way', () => {
    const peer = (ip: BValue, port: BValue): BValue => ({ ip, port, 'peer id': new Uint8Array(20) });
    const peers = [
      peer(bytes('10.0.0.1'), 6881),
      peer(bytes('peer.example'), 1),
      peer(bytes('2001:db8::1'), 6881),
      peer(bytes('a b'), 1),
      peer(bytes('http://x/'), 1),
      peer(bytes('10.0.0.2'), 0),
      peer(bytes('10.0.0.2'), 65536),
      peer(7, 6881),
      5,
    ];
    expect(answer({ peers }).peers.map(({ host }) => host)).toEqual(['10.0.0.1', 'peer.example', '2001:db8::1']);
  });

  it('has each peer once, none without a port, and at most 2,000', () => {
    const twice = Uint8Array.of(10, 0, 0, 1, 0x1a, 0xe1, 10, 0, 0, 1, 0x1a, 0xe1, 10, 0, 0, 2, 0, 0, 10);
    expect(answer({ peers: twice }).peers).toEqual([{ host: '10.0.0.1', port: 6881 }]);
    const many = new Uint8Array(6 * 5000).map((_, at) => [10, 0, (at / 6) >> 8, (at / 6) & 255, 1, 1][at % 6]!);
    expect(answer({ peers: many }).peers.length).toBe(2000);
  });

  it('is taken with usual values for what is missing or cannot be', () => {
    const usual = answer({});
    expect(usual).toMatchObject({
      interval: 1800,
      minInterval: 0,
      complete: -1,
      incomplete: -1,
      warning: '',
      externalIp: null,
      peers: [],
    });
    expect(answer({ interval: -5, complete: bytes('x'), peers: 5, 'external ip': new Uint8Array(3) })).toEqual(usual);
    expect(answer({ interval: Number.MAX_SAFE_INTEGER }).interval).toBe(7 * 24 * 3600);
  });

  it('may be a refusal, in words that are safe to show', () => {
    const refusal = (text: string): unknown => parseAnnounce(encode({ 'failure reason': bytes(text), peers: new Uint8Array(6) }));
    expect(refusal('not  registered\n')).toEqual({ failure: 'not registered', refused: true });
    expect(refusal('a\u202eb\u200bc\0')).toEqual({ failure: 'abc', refused: true });
    expect(refusal('')).toEqual({ failure: 'It gave no reason.', refused: true });
    const long = parseAnnounce(encode({ 'failure reason': bytes('😀'.repeat(1000)) }));
    expect('failure' in long && [...long.failure].length).toBe(300);
  });

  it('that no tracker gives is told as such', () => {
    for (const body of ['', '<html>', 'le', 'i5e', 'd8:interval']) {
      expect(parseAnnounce(bytes(body))).toMatchObject({ refused: false });
    }
    expect(parseAnnounce(new Uint8Array((1 << 20) + 1))).toMatchObject({ refused: false });
  });

  it('never makes us throw', () => {
    const key = fc.constantFrom(
      'interval',
      'complete',
      'peers',
      'peers6',
      'external ip',
      'tracker id',
      'warning message',
      'failure reason',
    );
    const field = fc.oneof(fc.integer(), fc.uint8Array({ maxLength: 40 }), fc.constant([{ ip: 5 }]), fc.constant({}));
    const body = fc.oneof(
      fc.dictionary(key, field, { noNullPrototype: true }).map(dict => encode(dict)),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(body, input => {
        const read = parseAnnounce(input);
        if (!('failure' in read)) for (const { port } of read.peers) expect(port).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('addresses', () => {
  it.each([
    ['7f000001', '127.0.0.1'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
    ['20010db8000100010001000100010001', '2001:db8:1:1:1:1:1:1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['00010000000000020000000000000003', '1:0:0:2::3'],
    ['0102', null],
  ])('%s is %s', (hex, text) => {
    expect(ipText(fromHex(hex))).toBe(text);
  });

  it('are unpacked up to the limit', () => {
    expect(unpackPeers(new Uint8Array(60).fill(1), 4, 3).length).toBe(3);
    expect(unpackPeers(new Uint8Array(5), 4, 3)).toEqual([]);
  });

  it('are read with their port', () => {
    expect(parseHostPort('10.0.0.1:6881')).toEqual({ host: '10.0.0.1', port: 6881 });
    expect(parseHostPort('[2001:db8::1]:6881')).toEqual({ host: '2001:db8::1', port: 6881 });
    expect(parseHostPort('peer.example:1')).toEqual({ host: 'peer.example', port: 1 });
    for (const bad of ['', ':1', 'a:0', 'a:65536', 'a', '2001:db8::1:6881', '[::1]', 'a b:1', 'a:1x'])
      expect(parseHostPort(bad)).toBeNull();
  });
});

describe('a scrape', () => {
  const hash = Uint8Array.from({ length: 20 }, (_, at) => 240 - at);

  it('is asked for where the announce goes, by another name (BEP 48)', () => {
    const query = 'info_hash=%F0%EF%EE%ED%EC%EB%EA%E9%E8%E7%E6%E5%E4%E3%E2%E1%E0%DF%DE%DD';
    expect(scrapeUrl('http://t/x/announce', hash)).toBe(`http://t/x/scrape?${query}`);
    expect(scrapeUrl('http://t/announce.php?k=1#z', hash)).toBe(`http://t/scrape.php?k=1&${query}`);
    for (const none of ['http://t/', 'http://t/announce/x', 'http://t/a?u=/announce']) expect(scrapeUrl(none, hash)).toBeNull();
  });

  it('tells the counts of that torrent and of no other', () => {
    const files = (key: Uint8Array) =>
      Buffer.concat([Buffer.from('d5:filesd20:'), key, Buffer.from('d8:completei4e10:downloadedi9e10:incompletei5eeee')]);
    for (const known of [hash, new Uint8Array(20).fill(65)]) {
      expect(parseScrape(files(known), known)).toEqual({ complete: 4, incomplete: 5 });
    }
    expect(parseScrape(files(new Uint8Array(20)), hash)).toBeNull();
    expect(parseScrape(bytes('d14:failure reason2:noe'), hash)).toBeNull();
    expect(parseScrape(bytes('<html>'), hash)).toBeNull();
    expect(parseScrape(new Uint8Array((1 << 20) + 1), hash)).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), raw => void parseScrape(raw, hash)));
  });
});
