import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeAnnounce,
  encodeConnect,
  encodeScrape,
  parseUdpReply,
  parseUdpTracker,
} from '../../sw/engine/codec/udp-tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest } from '../../sw/engine/codec/tracker.ts';
import { UdpTrackers } from '../../sw/engine/udp-trackers.ts';
import { seeded } from '../sim/clock.ts';

const CONNECTION = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const ANNOUNCE: AnnounceRequest = {
  infoHash: new Uint8Array(20).fill(0xaa),
  peerId: new Uint8Array(20).fill(0xbb),
  port: 6881,
  uploaded: 5 * 2 ** 32 + 1,
  downloaded: 2,
  left: 3,
  event: 'started',
  numwant: 100,
  key: 0xdeadbeef,
  trackerId: '',
};

const TRACKER = { host: 'tracker', port: 80, request: '/announce' };

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

describe('the bytes of BEP 15', () => {
  test('a connect', () => {
    expect(hex(encodeConnect(0x01020304))).toBe('00000417271019800000000001020304');
  });

  test('an announce, field by field', () => {
    expect(hex(encodeAnnounce(CONNECTION, 0x0a0b0c0d, '', ANNOUNCE))).toBe(
      [
        '0102030405060708',
        '00000001',
        '0a0b0c0d',
        'aa'.repeat(20),
        'bb'.repeat(20),
        '0000000000000002',
        '0000000000000003',
        '0000000500000001',
        '00000002',
        '00000000',
        'deadbeef',
        '00000064',
        '1ae1',
      ].join(''),
    );
  });

  test('the rest of the address goes along in parts of 255 bytes (BEP 41)', () => {
    const request = `/announce?passkey=${'x'.repeat(300)}`;
    const options = Buffer.from(encodeAnnounce(CONNECTION, 1, request, ANNOUNCE).subarray(98));
    expect([options[0], options[1]]).toEqual([2, 255]);
    expect([options[257], options[258]]).toEqual([2, request.length - 255]);
    expect(options.subarray(2, 257).toString() + options.subarray(259).toString()).toBe(request);
  });

  test('an answer over IPv4 and over IPv6', () => {
    const head = u32(1, 7, 1800, 5, 4);
    const answer = (peers: Buffer, ipBytes: 4 | 16) => parseUdpReply(Buffer.concat([head, peers]), ipBytes);
    const four = Buffer.from('0a0000011ae10a000002', 'hex');
    expect(answer(four, 4)).toMatchObject({
      transaction: 7,
      answer: { interval: 1800, incomplete: 5, complete: 4, peers: [{ host: '10.0.0.1', port: 6881 }] },
    });
    const six = Buffer.from(`20010db8${'00'.repeat(11)}011ae1`, 'hex');
    expect(answer(six, 16)).toMatchObject({ answer: { peers: [{ host: '2001:db8::1', port: 6881 }] } });
  });

  test('short answers, unknown actions and garbage are none; any bytes are read without a throw', () => {
    for (const bytes of [u32(0, 7), u32(0, 7, 1), u32(1, 7, 1, 1), u32(9, 7, 1, 1, 1), Buffer.alloc(0), Buffer.from('d1:')]) {
      expect(parseUdpReply(bytes, 4), hex(bytes)).toBeNull();
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void parseUdpReply(bytes, 4)));
    const like = fc
      .tuple(fc.nat(4), fc.uint8Array({ maxLength: 100 }))
      .map(([action, rest]) => Buffer.concat([u32(action), rest]));
    fc.assert(fc.property(like, bytes => (parseUdpReply(bytes, 16)?.transaction ?? 0) >= 0));
  });

  test('a scrape and its answer', () => {
    const hash = new Uint8Array(20).fill(0xcc);
    expect(hex(encodeScrape(CONNECTION, 9, hash))).toBe(`01020304050607080000000200000009${'cc'.repeat(20)}`);
    expect(parseUdpReply(u32(2, 9, 4, 100, 5), 4)).toEqual({
      action: 'scrape',
      transaction: 9,
      counts: { complete: 4, incomplete: 5 },
    });
    expect(parseUdpReply(u32(2, 9, 4, 100), 4)).toBeNull();
  });

  test('a refusal in words fit to be shown', () => {
    const reply = parseUdpReply(Buffer.concat([u32(3, 7), Buffer.from('no \u202esuch torrent\n')]), 4);
    expect(reply).toMatchObject({ action: 'error', transaction: 7 });
    expect(reply?.action === 'error' && reply.message).not.toMatch(/\u202e|\n/);
  });

  test('addresses of trackers', () => {
    expect(parseUdpTracker('udp://Tracker.Example:6969/announce?a=b')).toEqual({
      host: 'tracker.example',
      port: 6969,
      request: '/announce?a=b',
    });
    expect(parseUdpTracker('udp://[2001:db8::1]:80/')).toEqual({ host: '2001:db8::1', port: 80, request: '' });
    for (const none of ['udp://tracker.example/', 'http://tracker.example:80/', 'udp:', 'nonsense']) {
      expect(parseUdpTracker(none), none).toBeNull();
    }
  });
});

/** A machine whose datagrams and look-ups are written down, and answered by the test. */
function setUp(addresses: readonly string[] = ['10.9.9.9']) {
  const sent: { host: string; port: number; bytes: Buffer }[] = [];
  const trackers = new UdpTrackers(
    { send: (host, port, bytes) => sent.push({ host, port, bytes: Buffer.from(bytes) }) },
    seeded(9),
  );
  const answers: (AnnounceAnswer | AnnounceFailure)[] = [];
  const announce = (now = 0, over = addresses) => trackers.announce(TRACKER, over, ANNOUNCE, now, answer => answers.push(answer));
  const take = () => {
    const datagram = sent.shift();
    if (!datagram) throw new Error('nothing was sent');
    return { host: datagram.host, action: datagram.bytes.readUInt32BE(8), transaction: datagram.bytes.readUInt32BE(12) };
  };
  const connected = (now = 0): void => {
    const { transaction, host } = take();
    trackers.received(host, 80, Buffer.concat([u32(0, transaction), CONNECTION]), now);
  };
  return { trackers, sent, answers, announce, take, connected };
}

const answerTo = (transaction: number): Buffer => u32(1, transaction, 1800, 1, 2);

describe('asking a tracker over UDP', () => {
  test('connects once for all torrents, and again when the connection is 60 s old', () => {
    const { trackers, sent, answers, announce, take, connected } = setUp();
    announce();
    announce();
    expect(sent).toHaveLength(1);
    connected();
    expect(sent).toHaveLength(2);
    expect(sent.every(({ bytes }) => bytes.subarray(0, 8).equals(CONNECTION))).toBe(true);
    for (let torrent = 0; torrent < 2; torrent++) trackers.received('10.9.9.9', 80, answerTo(take().transaction), 1);
    expect(answers).toMatchObject([{ complete: 2 }, { complete: 2 }]);

    announce(59_999);
    expect(take().action).toBe(1);
    announce(60_000);
    expect(take().action).toBe(0);
  });

  test('each family of addresses has a connection of its own', () => {
    const { announce, take, connected, sent } = setUp();
    announce();
    announce(0, ['2001:db8::9']);
    expect(sent.map(({ host }) => host)).toEqual(['10.9.9.9', '2001:db8::9']);
    connected();
    connected();
    expect([take(), take()]).toMatchObject([
      { host: '10.9.9.9', action: 1 },
      { host: '2001:db8::9', action: 1 },
    ]);
  });

  test('an answer from elsewhere, with another transaction or too short is as good as none', () => {
    const { trackers, answers, announce, take, connected } = setUp();
    announce();
    connected();
    const { transaction } = take();
    trackers.received('10.9.9.8', 80, answerTo(transaction), 1);
    trackers.received('10.9.9.9', 81, answerTo(transaction), 1);
    trackers.received('10.9.9.9', 80, answerTo(transaction ^ 1), 1);
    trackers.received('10.9.9.9', 80, answerTo(transaction).subarray(0, 19), 1);
    trackers.received('10.9.9.9', 80, Buffer.concat([u32(0, transaction), CONNECTION]), 1);
    expect(answers).toEqual([]);
    trackers.received('10.9.9.9', 80, answerTo(transaction), 1);
    trackers.received('10.9.9.9', 80, answerTo(transaction), 1);
    expect(answers).toHaveLength(1);
  });

  test('a silent tracker is asked again after 15 s and given up after 45, at its other address in between', () => {
    const { trackers, sent, answers, announce, take } = setUp(['10.9.9.9', '10.9.9.8']);
    announce();
    const first = take();
    trackers.tick(14_999);
    expect(sent).toEqual([]);
    trackers.tick(15_000);
    const second = take();
    expect([first, second]).toMatchObject([{ host: '10.9.9.9' }, { host: '10.9.9.8' }]);
    expect(second.transaction).toBe(first.transaction);
    trackers.tick(44_999);
    expect(answers).toEqual([]);
    trackers.tick(45_000);
    expect(answers).toEqual([{ failure: 'No answer in time.', refused: false }]);
    trackers.tick(45_500);
    expect(trackers.isIdle).toBe(true);
  });

  test('an announce that gets no answer is sent again, then makes the connection doubtful', () => {
    const { trackers, answers, announce, take, connected } = setUp();
    announce();
    connected();
    const first = take();
    trackers.tick(15_000);
    expect(take()).toEqual(first);
    trackers.tick(45_000);
    expect(answers).toEqual([{ failure: 'No answer in time.', refused: false }]);
    announce(45_000);
    expect(take().action).toBe(0);
  });

  test('a refusal ends one announce, and one to the connect ends all', () => {
    const refusing = setUp();
    refusing.announce();
    refusing.connected();
    const { transaction } = refusing.take();
    refusing.trackers.received('10.9.9.9', 80, Buffer.concat([u32(3, transaction), Buffer.from('not here')]), 1);
    expect(refusing.answers).toEqual([{ failure: 'not here', refused: true }]);

    const closed = setUp();
    closed.announce();
    closed.announce();
    closed.trackers.received('10.9.9.9', 80, Buffer.concat([u32(3, closed.take().transaction), Buffer.from('full')]), 1);
    expect(closed.answers).toEqual([
      { failure: 'full', refused: true },
      { failure: 'full', refused: true },
    ]);
  });

  test('a scrape goes over the same connection, and an answer to something else is none', () => {
    const { trackers, announce, connected, take } = setUp();
    announce();
    connected();
    take();
    const counts: unknown[] = [];
    const scrape = () => trackers.scrape(TRACKER, ['10.9.9.9'], ANNOUNCE.infoHash, 1, told => counts.push(told));
    scrape();
    const { action, transaction } = take();
    expect(action).toBe(2);
    trackers.received('10.9.9.9', 80, answerTo(transaction), 2);
    expect(counts).toEqual([]);
    trackers.received('10.9.9.9', 80, u32(2, transaction, 3, 9, 4), 2);
    expect(counts).toEqual([{ complete: 3, incomplete: 4 }]);
    scrape();
    trackers.received('10.9.9.9', 80, Buffer.concat([u32(3, take().transaction), Buffer.from('no')]), 3);
    expect(counts[1]).toBeNull();
  });

  test('what was called off is not answered, and leaves nothing behind', () => {
    const { trackers, answers, announce, connected, take } = setUp();
    const cancel = announce();
    connected();
    const { transaction } = take();
    cancel();
    cancel();
    trackers.received('10.9.9.9', 80, answerTo(transaction), 1);
    expect(answers).toEqual([]);
    trackers.tick(60_000);
    expect(trackers.isIdle).toBe(true);
  });

  test('4,096 announces at once and no more', () => {
    const { trackers, answers, announce, sent } = setUp();
    for (let torrent = 0; torrent < 4097; torrent++) announce();
    expect(answers).toEqual([{ failure: 'Too many announces at once.', refused: false }]);
    expect(sent).toHaveLength(1);
    trackers.clear();
    expect(trackers.isIdle).toBe(true);
  });
});
