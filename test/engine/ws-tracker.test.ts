import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeWsAnnounce,
  encodeWsAnswer,
  encodeWsScrape,
  isWsTracker,
  MAX_SDP,
  MAX_WS_MESSAGE,
  parseWsMessage,
} from '../../sw/engine/codec/ws-tracker.ts';
import type { AnnounceRequest } from '../../sw/engine/codec/tracker.ts';
import { fromHex } from '../../sw/engine/model/ids.ts';
import { WsTrackers } from '../../sw/engine/ws-trackers.ts';
import type { NewOffer, Signalling, TextSocketEvents } from '../../sw/engine/ws-trackers.ts';

const HASH = 'ab'.repeat(20);
const HASH_TEXT = '\u00ab'.repeat(20);
const PEER = 'p'.repeat(20);
const URL_A = 'wss://a.example/';

function request(part: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    infoHash: fromHex(HASH),
    peerId: new Uint8Array(20).fill(0xff),
    port: 6881,
    uploaded: 1,
    downloaded: 2,
    left: 3,
    event: 'started',
    numwant: 100,
    key: 7,
    trackerId: '',
    ...part,
  };
}

const said = (message: object): string => JSON.stringify(message);
const announced = (more: object = {}): string => said({ action: 'announce', info_hash: HASH_TEXT, interval: 120, ...more });
const offer = (more: object = {}): string =>
  announced({ peer_id: PEER, offer_id: 'an id', offer: { type: 'offer', sdp: 'v=0' }, ...more });

describe('the messages', () => {
  test('an announce with offers, an answer and a scrape: hashes and ids are a character a byte', () => {
    expect(JSON.parse(encodeWsAnnounce(request({ trackerId: 't' }), [{ offerId: 'o', sdp: 'v=0' }]))).toEqual({
      action: 'announce',
      info_hash: HASH_TEXT,
      peer_id: '\u00ff'.repeat(20),
      uploaded: 1,
      downloaded: 2,
      left: 3,
      event: 'started',
      trackerid: 't',
      numwant: 1,
      offers: [{ offer_id: 'o', offer: { type: 'offer', sdp: 'v=0' } }],
    });
    expect(JSON.parse(encodeWsAnswer(fromHex(HASH), new Uint8Array(20), { peerId: PEER, offerId: '\u0001' }, 'v=0'))).toEqual({
      action: 'announce',
      info_hash: HASH_TEXT,
      peer_id: '\0'.repeat(20),
      to_peer_id: PEER,
      offer_id: '\u0001',
      answer: { type: 'answer', sdp: 'v=0' },
    });
    expect(JSON.parse(encodeWsScrape(fromHex(HASH)))).toEqual({ action: 'scrape', info_hash: HASH_TEXT });
  });

  test('what a tracker says', () => {
    expect(parseWsMessage(announced({ complete: 4, incomplete: 5, 'warning message': 'w\u202e', 'tracker id': 't' }))).toEqual({
      kind: 'announced',
      infoHash: HASH,
      answer: {
        interval: 120,
        minInterval: 0,
        complete: 4,
        incomplete: 5,
        warning: 'w',
        trackerId: 't',
        externalIp: null,
        peers: [],
      },
    });
    const signal = { infoHash: HASH, peerId: PEER, offerId: 'an id', sdp: 'v=0' };
    expect(parseWsMessage(offer())).toEqual({ kind: 'offer', ...signal });
    expect(parseWsMessage(offer({ offer: null, answer: { type: 'answer', sdp: 'v=0' } }))).toEqual({ kind: 'answer', ...signal });
    const files = { [HASH_TEXT]: { complete: 1, incomplete: 2 }, short: { complete: 9 } };
    expect(parseWsMessage(said({ action: 'scrape', files }))).toEqual({
      kind: 'scraped',
      files: new Map([[HASH, { complete: 1, incomplete: 2 }]]),
    });
    expect(parseWsMessage(said({ 'failure reason': 'no \nsuch' }))).toEqual({
      kind: 'failed',
      infoHash: null,
      answer: { failure: 'no such', refused: true },
    });
  });

  test.each([
    ['too-long', ' '.repeat(MAX_WS_MESSAGE + 1)],
    ['not-json', '{'],
    ['not-json', '[1]'],
    ['action', said({ action: 'dance' })],
    ['info-hash', said({ action: 'announce', info_hash: 'short' })],
    ['info-hash', said({ action: 'announce', info_hash: '\u0100'.repeat(20) })],
    ['peer-id', offer({ peer_id: 'short' })],
    ['offer-id', offer({ offer_id: 'x'.repeat(65) })],
    ['offer-id', offer({ offer_id: 1 })],
    ['sdp', offer({ offer: { type: 'answer', sdp: 'v=0' } })],
    ['sdp', offer({ offer: { type: 'offer', sdp: 'x'.repeat(MAX_SDP + 1) } })],
    ['sdp', offer({ offer: 'v=0' })],
    ['files', said({ action: 'scrape' })],
  ])('refused as %s', (why, text) => {
    expect(parseWsMessage(text)).toEqual({ kind: 'refused', why });
  });

  test('any text is read without a throw, and numbers are kept sane', () => {
    fc.assert(fc.property(fc.string(), text => void parseWsMessage(text)));
    fc.assert(fc.property(fc.json(), text => void parseWsMessage(text)));
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (interval, complete, sdp) => {
        const message = parseWsMessage(
          JSON.stringify({ action: 'announce', info_hash: HASH_TEXT, interval, complete, offer: sdp }) ?? '',
        );
        if (message.kind !== 'announced') return;
        expect(Number.isSafeInteger(message.answer.interval) && message.answer.interval >= 0).toBe(true);
        expect(Number.isSafeInteger(message.answer.complete)).toBe(true);
      }),
    );
  });

  test('only addresses over TLS are ones to go to', () => {
    expect(['wss://a/', 'WSS://a/', 'ws://a/', 'ws://127.0.0.1/', 'https://a/'].map(isWsTracker)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

interface Opened {
  readonly url: string;
  readonly events: TextSocketEvents;
  readonly sent: Record<string, unknown>[];
  closed: boolean;
}

/** The machine with sockets that are written down, and somebody who makes offers while `rtc.isOpen`. */
function setUp() {
  const sockets: Opened[] = [];
  const lost: { url: string; at: number }[] = [];
  const offered: string[] = [];
  const answered: string[] = [];
  const answers: ((sdp: string) => void)[] = [];
  const made: NewOffer[] = [{ offerId: 'o1', sdp: 'v=0' }];
  const rtc: { -readonly [K in keyof Signalling]: Signalling[K] } = {
    isOpen: false,
    offer: (_infoHash, now, done) => done(made, now),
    offered: ({ offerId }, _now, answer) => {
      offered.push(offerId);
      answers.push(answer);
    },
    answered: ({ offerId }) => answered.push(offerId),
  };
  const trackers = new WsTrackers(
    (url, events) => {
      const socket: Opened = { url, events, sent: [], closed: false };
      sockets.push(socket);
      return {
        send: text => socket.sent.push(JSON.parse(text) as Record<string, unknown>),
        close: () => (socket.closed = true),
      };
    },
    rtc,
    () => 0.5,
    (url, at) => lost.push({ url, at }),
  );
  const results: unknown[] = [];
  const announce = (part: Partial<AnnounceRequest> = {}, now = 0, url = URL_A) =>
    trackers.announce(url, request(part), now, answer => results.push(answer));
  return { trackers, sockets, lost, offered, answered, answers, rtc, results, announce };
}

describe('the sockets', () => {
  test('while nobody can answer offers an announce asks for the counts alone', () => {
    const { announce, sockets, results } = setUp();
    announce();
    sockets[0]?.events.opened(0);
    expect(sockets[0]?.sent).toEqual([{ action: 'scrape', info_hash: HASH_TEXT }]);
    sockets[0]?.events.message(offer(), 1);
    sockets[0]?.events.message(said({ action: 'scrape', files: { [HASH_TEXT]: { complete: 3, incomplete: 4 } } }), 1);
    expect(results).toEqual([{ counts: { complete: 3, incomplete: 4 }, again: false }]);
  });

  test('who could answer offers by the time of the counts is told so', () => {
    const { announce, sockets, results, rtc } = setUp();
    announce();
    sockets[0]?.events.opened(0);
    rtc.isOpen = true;
    sockets[0]?.events.message(said({ action: 'scrape', files: { [HASH_TEXT]: { complete: 3, incomplete: 4 } } }), 1);
    expect(results).toEqual([{ counts: { complete: 3, incomplete: 4 }, again: true }]);
  });

  test('an announce that is sent when nobody can answer offers any more fails, and the tracker hears of nobody', () => {
    const { announce, sockets, results, rtc } = setUp();
    rtc.isOpen = true;
    announce();
    rtc.isOpen = false;
    sockets[0]?.events.opened(0);
    expect(sockets[0]?.sent).toEqual([]);
    expect(results).toMatchObject([{ refused: false }]);
  });

  test('one socket serves all torrents of a tracker, and is closed a minute after the last has left', () => {
    const { announce, sockets, results, rtc, trackers } = setUp();
    rtc.isOpen = true;
    const other = 'cd'.repeat(20);
    announce();
    announce({ infoHash: fromHex(other) });
    expect(sockets).toHaveLength(1);
    const [socket] = sockets;
    socket?.events.opened(5);
    expect(socket?.sent.map(({ numwant, event }) => [numwant, event])).toEqual([
      [1, 'started'],
      [1, 'started'],
    ]);
    socket?.events.message(announced({ complete: 1, incomplete: 0 }), 6);
    expect(results).toMatchObject([{ interval: 120, complete: 1 }]);
    socket?.events.message(said({ action: 'announce', info_hash: HASH_TEXT.replaceAll('\u00ab', '\u00cd') }), 6);
    trackers.tick(600_000);
    expect(socket?.closed).toBe(false);
    announce({ event: 'stopped' });
    announce({ infoHash: fromHex(other), event: 'stopped' });
    expect(socket?.sent.slice(2).map(({ event, offers }) => [event, offers])).toEqual([
      ['stopped', []],
      ['stopped', []],
    ]);
    trackers.tick(610_000);
    expect(socket?.closed).toBe(false);
    trackers.tick(680_000);
    expect(socket?.closed).toBe(true);
    expect(trackers.isIdle).toBe(true);
  });

  test('offers and answers are taken of those it announced alone, and answered where they came from', () => {
    const { announce, sockets, rtc, offered, answered, answers } = setUp();
    rtc.isOpen = true;
    announce();
    const [socket] = sockets;
    socket?.events.opened(0);
    socket?.events.message(offer({ info_hash: 'x'.repeat(20) }), 0);
    socket?.events.message(offer(), 0);
    socket?.events.message(offer({ offer: null, answer: { type: 'answer', sdp: 'v=0' }, offer_id: 'o1' }), 0);
    expect([offered, answered]).toEqual([['an id'], ['o1']]);
    answers[0]?.('v=1');
    expect(socket?.sent.at(-1)).toMatchObject({ to_peer_id: PEER, offer_id: 'an id', answer: { type: 'answer', sdp: 'v=1' } });
    announce({ event: 'stopped' });
    answers[0]?.('v=2');
    expect(socket?.sent.at(-1)).toMatchObject({ event: 'stopped' });
  });

  test('an announce that is called off is taken back, so that no offer comes for it', () => {
    const { announce, sockets, rtc, offered } = setUp();
    rtc.isOpen = true;
    const callOff = announce();
    sockets[0]?.events.opened(0);
    callOff();
    expect(sockets[0]?.sent.map(({ event }) => event)).toEqual(['started', 'stopped']);
    sockets[0]?.events.message(offer(), 0);
    expect(offered).toEqual([]);
  });

  test('a lost socket is told to those announced there, and one that cannot be had rests longer each time', () => {
    const { announce, sockets, rtc, lost, results, trackers } = setUp();
    rtc.isOpen = true;
    announce();
    sockets[0]?.events.opened(0);
    sockets[0]?.events.message(announced(), 0);
    sockets[0]?.events.closed(100_000);
    expect(lost).toEqual([{ url: URL_A, at: 110_000 }]);
    const rests: number[] = [];
    let now = 110_000;
    for (let round = 0; round < 10; round++) {
      announce({}, now);
      sockets.at(-1)?.events.closed(now);
      const failed = now;
      const before = sockets.length;
      for (announce({}, now); sockets.length === before; announce({}, now)) now += 1_000;
      sockets.at(-1)?.events.closed(now);
      rests.push(now - failed);
    }
    expect(rests[0]).toBeGreaterThanOrEqual(20_000);
    expect(Math.max(...rests)).toBeLessThanOrEqual(30 * 60_000 + 1_000);
    expect(rests.at(-1)).toBeGreaterThanOrEqual(30 * 60_000);
    expect(results.at(-1)).toEqual({ failure: 'It could not be reached.', refused: false });
    trackers.tick(now + 3 * 3600_000);
    expect(trackers.isIdle).toBe(true);
  });

  test('no answer, a refusal and a socket that never opens end an announce', () => {
    const { announce, sockets, rtc, results, trackers } = setUp();
    rtc.isOpen = true;
    announce();
    trackers.tick(21_000);
    expect(results.pop()).toEqual({ failure: 'It could not be reached in time.', refused: false });
    announce({}, 50_000);
    sockets[1]?.events.opened(50_000);
    trackers.tick(81_000);
    expect(results.pop()).toEqual({ failure: 'No answer in time.', refused: false });
    announce({}, 90_000);
    sockets[1]?.events.message(said({ 'failure reason': 'unregistered' }), 90_000);
    expect(results.pop()).toEqual({ failure: 'unregistered', refused: true });
  });

  test('an announce that stays unanswered is taken back, unless the tracker knew of the torrent before', () => {
    const { announce, sockets, rtc, offered, trackers } = setUp();
    rtc.isOpen = true;
    announce();
    const [socket] = sockets;
    socket?.events.opened(0);
    trackers.tick(31_000);
    expect(socket?.sent.map(({ event }) => event)).toEqual(['started', 'stopped']);
    socket?.events.message(offer(), 31_000);
    expect(offered).toEqual([]);
    announce({}, 40_000);
    socket?.events.message(announced(), 40_000);
    announce({ event: null }, 50_000);
    trackers.tick(81_000);
    expect(socket?.sent.slice(2).map(({ event }) => event)).toEqual(['started', undefined]);
    socket?.events.message(offer(), 81_000);
    expect(offered).toEqual(['an id']);
  });

  test('when nobody lends WebRTC any more its trackers are left at once', () => {
    const { announce, sockets, rtc, lost, trackers } = setUp();
    rtc.isOpen = true;
    announce();
    sockets[0]?.events.opened(0);
    sockets[0]?.events.message(announced(), 0);
    trackers.leaveAll(5);
    expect([sockets[0]?.closed, lost]).toEqual([true, [{ url: URL_A, at: 5 }]]);
  });

  test('the number of trackers and of questions is bounded, and garbage ends a socket', () => {
    const { announce, sockets, results, trackers } = setUp();
    for (let index = 0; index < 40; index++) announce({}, 0, `wss://t${index}.example/`);
    expect(sockets).toHaveLength(32);
    expect(results).toHaveLength(8);
    sockets[0]?.events.opened(0);
    for (let index = 0; index < 9; index++) sockets[0]?.events.message('garbage', 1);
    expect(sockets[0]?.closed).toBe(true);
    results.length = 0;
    for (let index = 0; index < 5_000; index++) announce({}, 0, 'wss://t1.example/');
    expect(results).toHaveLength(5_000 - (4_096 - 31));
    trackers.clear();
    expect([trackers.isIdle, sockets.every(({ closed }) => closed)]).toEqual([true, true]);
  });
});
