/** What a window does with the bytes of the connections that it lends, with a browser's objects in the hands of the test. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Carrier, RelayNet } from '../../sw/adapters/relay.ts';
import { LentRtc } from '../../sw/adapters/rtc-net.ts';
import type { Stream, StreamEvents } from '../../sw/engine/ports.ts';
import type { ToLender } from '../../sw/lending.ts';
import { LENT_WINDOW, MAX_DESCRIPTION, MAX_LENT_BYTES, TOLD_BYTES, TOLD_MESSAGES } from '../../sw/lending.ts';
import { LentConnection } from '../../web/lend/rtc-connection.ts';
import { readStunServers } from '../../web/stun.ts';
import { until } from '../peers/wait.ts';

const THEIRS = 'v=0\r\ns=-\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n';
const NONE = THEIRS.replace('mid:0', 'mid:none');

class FakeChannel {
  binaryType = '';
  readyState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  readonly sent: Uint8Array[] = [];
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onopen: () => void = () => undefined;
  onclose: () => void = () => undefined;
  onbufferedamountlow: () => void = () => undefined;

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
    this.bufferedAmount += bytes.length;
  }

  close(): void {
    this.readyState = 'closed';
  }
}

class FakePeer {
  static last: FakePeer;
  iceGatheringState = 'complete';
  connectionState = 'new';
  localDescription = { sdp: 'ours' };
  isClosed = false;
  readonly channel = new FakeChannel();
  readonly heard: unknown[] = [];
  onconnectionstatechange: () => void = () => undefined;
  ondatachannel: (event: { channel: FakeChannel }) => void = () => undefined;

  constructor(readonly configuration: unknown) {
    FakePeer.last = this;
  }

  createDataChannel(): FakeChannel {
    return this.channel;
  }
  setLocalDescription(): Promise<void> {
    return Promise.resolve();
  }
  setRemoteDescription(description: { sdp: string }): Promise<void> {
    this.heard.push(description);
    return description.sdp === NONE ? Promise.reject(new Error('That is none.')) : Promise.resolve();
  }
  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(
      new Map<string, unknown>([
        ['t', { type: 'transport', selectedCandidatePairId: 'p' }],
        ['p', { remoteCandidateId: 'c' }],
        ['c', { address: '192.0.2.7' }],
      ]),
    );
  }
  close(): void {
    this.isClosed = true;
  }
}

beforeEach(() => void vi.stubGlobal('RTCPeerConnection', FakePeer));
afterEach(() => vi.unstubAllGlobals());

function connection(held = { bytes: 0 }) {
  const told: unknown[] = [];
  const data: Uint8Array[] = [];
  const lent = new LentConnection(['stun:a:1'], held, {
    described: sdp => told.push(['described', sdp]),
    opened: address => told.push(['opened', address]),
    data: bytes => data.push(bytes),
    taken: bytes => told.push(['taken', bytes]),
    closed: reason => told.push(['closed', reason]),
  });
  const peer = FakePeer.last;
  const open = async () => {
    lent.offer();
    await until('its description', () => told.length > 0);
    peer.channel.readyState = 'open';
    peer.channel.onopen();
    await until('its opening', () => told.length > 1);
  };
  return { lent, peer, channel: peer.channel, told, data, held, open };
}

const MiB = 1 << 20;
const bytesOf = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

describe('a lent connection', () => {
  it('is described with all addresses, and opens with what is known of the other side', async () => {
    const { lent, peer, told, open } = connection();
    await open();
    lent.answered(THEIRS);
    expect(peer.configuration).toEqual({ iceServers: [{ urls: 'stun:a:1' }], bundlePolicy: 'max-bundle' });
    expect(told).toEqual([
      ['described', 'ours'],
      ['opened', '192.0.2.7'],
    ]);
    expect(peer.heard).toEqual([{ type: 'answer', sdp: THEIRS }]);
  });

  it('ends where it cannot be made, and where it fails', async () => {
    const { lent, peer, told } = connection();
    lent.answer(NONE);
    await until('its end', () => told.length > 0);
    expect(told).toEqual([['closed', 'That is none.']]);
    expect(peer.isClosed).toBe(true);
    const other = connection();
    await other.open();
    other.peer.connectionState = 'failed';
    other.peer.onconnectionstatechange();
    other.channel.onclose();
    expect(other.told.slice(2)).toEqual([['closed', 'The connection failed.']]);
  });

  it.each([
    ['audio as well', `${THEIRS}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n`],
    ['video alone', THEIRS.replace('m=application', 'm=video')],
    ['two channels', THEIRS + THEIRS],
    ['audio in a line that not all browsers read', `${THEIRS} M=audio 9 UDP/TLS/RTP/SAVPF 111\n`],
    ['nothing', 'v=0\r\n'],
  ])('gives no browser a description that asks for %s', async (_what, sdp) => {
    const offered = connection();
    offered.lent.answer(sdp);
    await until('its end', () => offered.told.length > 0);
    const answered = connection();
    await answered.open();
    answered.lent.answered(sdp);
    await until('its end', () => answered.told.length > 2);
    for (const { told, peer } of [offered, answered]) {
      expect(told.at(-1)).toEqual(['closed', 'It asks for more than a data channel.']);
      expect(peer.heard).toEqual([]);
      expect(peer.isClosed).toBe(true);
    }
    expect(offered.told).toHaveLength(1);
  });

  it('ends where its own description would be too long', async () => {
    const { lent, peer, told } = connection();
    peer.localDescription.sdp = 'x'.repeat(MAX_DESCRIPTION + 1);
    lent.answer(THEIRS);
    await until('its end', () => told.length > 0);
    expect(told).toEqual([['closed', 'Its description is too long.']]);
    const longest = connection();
    longest.peer.localDescription.sdp = 'x'.repeat(MAX_DESCRIPTION);
    longest.lent.answer(THEIRS);
    await until('its description', () => longest.told.length > 0);
    expect(longest.told).toEqual([['described', longest.peer.localDescription.sdp]]);
  });

  it('hands on what comes in the order of its coming, no more at a time than is taken', async () => {
    const { lent, channel, data, open } = connection();
    await open();
    const all = Array.from({ length: 40 }, (_, index) => new Uint8Array(64 << 10).fill(index));
    for (const bytes of all) channel.onmessage({ data: bytes.slice().buffer });
    expect(bytesOf(data).length).toBe(LENT_WINDOW);
    lent.taken(128 << 10, 2);
    expect(bytesOf(data).length).toBe(LENT_WINDOW + (128 << 10));
    for (let rounds = 0; rounds < 12; rounds++) lent.taken(128 << 10, 2);
    expect(bytesOf(data).equals(bytesOf(all))).toBe(true);
    lent.taken(LENT_WINDOW, 16);
    channel.onmessage({ data: new ArrayBuffer(3 * MAX_LENT_BYTES - 1) });
    expect(Math.max(...data.map(({ length }) => length))).toBe(MAX_LENT_BYTES);
  });

  it('is left by a window that would have to hold too much, for one or for all', async () => {
    const { channel, told, held, open } = connection();
    await open();
    for (let count = 0; count < 33; count++) channel.onmessage({ data: new ArrayBuffer(MiB) });
    expect(told.at(-1)).not.toMatchObject(['closed', expect.anything()]);
    channel.onmessage({ data: new ArrayBuffer(MiB) });
    expect(told.at(-1)).toEqual(['closed', 'It sends more than is taken.']);
    expect(held.bytes).toBe(0);
    const crowded = connection({ bytes: 127 * MiB });
    await crowded.open();
    for (let count = 0; count < 3; count++) crowded.channel.onmessage({ data: new ArrayBuffer(MiB) });
    expect(crowded.told.at(-1)).toEqual(['closed', 'It sends more than is taken.']);
    expect(crowded.held.bytes).toBe(127 * MiB);
  });

  it('takes no text', async () => {
    const { channel, told, open } = connection();
    await open();
    channel.onmessage({ data: 'text' });
    expect(told.at(-1)).toEqual(['closed', 'It sent text.']);
  });

  it('puts short messages together while others wait to be taken, and keeps no long one back', async () => {
    const { lent, channel, data, open } = connection();
    await open();
    const all: Buffer[] = [];
    const say = (length: number, fill: number) => {
      all.push(Buffer.alloc(length, fill));
      channel.onmessage({ data: new Uint8Array(length).fill(fill).buffer });
    };
    say(10, 1);
    say(TOLD_BYTES, 2);
    say(TOLD_BYTES, 5);
    expect(data.map(({ length }) => length)).toEqual([10, TOLD_BYTES, TOLD_BYTES]);
    for (let count = 0; count < 10; count++) say(10_000, count);
    channel.onmessage({ data: new ArrayBuffer(0) });
    expect(data.slice(3).map(({ length }) => length)).toEqual([60_000]);
    say(50_000, 9);
    expect(data.slice(4).map(({ length }) => length)).toEqual([40_000, 50_000]);
    say(10, 3);
    lent.taken(2 * TOLD_BYTES + 10, 3);
    expect(data.slice(6).map(({ length }) => length)).toEqual([10]);
    say(10, 4);
    expect(data.slice(7).map(({ length }) => length)).toEqual([10]);
    expect(bytesOf(data).equals(Buffer.concat(all))).toBe(true);
  });

  it('posts a flood of the shortest messages as few, before it is open and after, with no more memory than they have', async () => {
    const { lent, channel, data, open, held } = connection();
    const all: number[] = [];
    const flood = () => {
      for (let count = 0; count < 10_000; count++) {
        all.push(all.length % 251);
        channel.onmessage({ data: Uint8Array.of(all.at(-1)!).buffer });
      }
    };
    lent.offer();
    flood();
    expect([data.length, held.bytes]).toEqual([0, 10_000]);
    await open();
    expect(data.map(({ length, buffer }) => [length, buffer.byteLength])).toEqual([[10_000, 10_000]]);
    flood();
    expect(data).toHaveLength(4 * TOLD_MESSAGES + 1);
    // As its other end tells: of what it has been given, all but less than what it tells together.
    for (let posted = 0; posted < data.length;) {
      const fresh = data.slice(posted);
      posted = data.length;
      lent.taken(bytesOf(fresh).length, fresh.length);
    }
    expect(bytesOf(data).equals(Buffer.from(all))).toBe(true);
    expect(data.length).toBeLessThan(50);
    expect(held.bytes).toBe(0);
  });

  it('brings to the worker all that comes, whatever its messages are and however late they are taken', async () => {
    const sizes = fc.array(fc.constantFrom(1, 1, 9, 13, 20_000, 32_768, 32_769, 262_139, 300_000), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(fc.integer({ min: 5_000, max: 400_000 }), { minLength: 1 }),
        async (lengths, appetites) => {
          const { port1, port2 } = new MessageChannel();
          const worker = new LentRtc();
          let came = 0;
          let queued = 0;
          const relays: Carrier[] = [];
          const net: RelayNet = {
            relay: carrier => {
              relays.push(carrier);
              const receive = (bytes: Uint8Array) => (queued += bytes.length);
              return { stream: {} as Stream, receive, taken: () => undefined, end: () => undefined };
            },
          };
          worker.lend(port2, 'w1');
          worker.port(net).offer([], { described() {}, opened: (_address, take) => take({} as StreamEvents), ended() {} });
          const { lent, channel, data, open } = connection();
          await open();
          port1.onmessage = ({ data: said }: MessageEvent<ToLender>) =>
            said.type === 'taken' && lent.taken(said.bytes, said.messages);
          port1.postMessage({ type: 'opened', link: 1, address: '' });
          for (const length of lengths) channel.onmessage({ data: new ArrayBuffer(length) });
          const total = lengths.reduce((sum, length) => sum + length, 0);
          for (let at = 0, posted = 0; came < total; at++) {
            for (const bytes of data.slice(posted)) port1.postMessage({ type: 'data', link: 1, bytes });
            posted = data.length;
            // The worker keeps the beginning of a frame until it has its head, and all of it only once nothing follows.
            const kept = (): number => (came + queued === total ? 0 : 23);
            await until('something to take', () => queued > kept(), 2_000);
            const bite = Math.min(queued - kept(), appetites[at % appetites.length]!);
            queued -= bite;
            came += bite;
            relays[0]!.taken(bite);
            await new Promise(resolve => setImmediate(resolve));
          }
          port1.close();
          expect(came).toBe(total);
        },
      ),
      { numRuns: 30, examples: [[[262_139, 13, 20_000], [400_000]]] },
    );
  });

  it('sends a long message as it came, in parts of its memory', async () => {
    const { lent, channel, open } = connection();
    await open();
    const bytes = new Uint8Array(200_000).fill(7);
    lent.send(bytes);
    expect(channel.sent.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 3_392]);
    expect(channel.sent.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
  });

  it('sends in messages of 64 KiB, a megabyte ahead, and tells what it has sent', async () => {
    const { lent, channel, told, open } = connection();
    await open();
    const all = Array.from({ length: 100 }, (_, index) => new Uint8Array(30_000).fill(index));
    for (const bytes of all) lent.send(bytes);
    const ahead = channel.bufferedAmount;
    expect(ahead).toBeGreaterThanOrEqual(MiB);
    expect(ahead).toBeLessThan(MiB + (64 << 10));
    const sent = () =>
      told
        .filter(each => (each as [string])[0] === 'taken')
        .reduce((sum: number, each) => sum + (each as [string, number])[1], 0);
    expect(sent()).toBe(ahead);
    while (sent() < 3_000_000) {
      channel.bufferedAmount = 0;
      channel.onbufferedamountlow();
    }
    expect(bytesOf(channel.sent).equals(bytesOf(all))).toBe(true);
    expect(Math.max(...channel.sent.map(({ length }) => length))).toBe(64 << 10);
  });
});

describe('what a lent connection gives the browser ahead', () => {
  it('is up to four megabytes on a fast line, and one again on a slow one', async () => {
    const { lent, channel, open } = connection();
    await open();
    const now = vi.spyOn(performance, 'now').mockReturnValue(1);
    for (let count = 0; count < 40; count++) lent.send(new Uint8Array(MiB));
    const held: number[] = [];
    for (const took of [10, 10, 10, 10, 500, 2_000, 2_000, 2_000]) {
      held.push(channel.bufferedAmount / MiB);
      now.mockReturnValue(performance.now() + took);
      channel.bufferedAmount = channel.bufferedAmountLowThreshold;
      channel.onbufferedamountlow();
    }
    now.mockRestore();
    expect(held).toEqual([1, 2, 4, 4, 4, 4, 2, 1]);
  });
});

describe('STUN servers', () => {
  it.each([
    ['', []],
    ['stun:a.example:3478\nstun:[2001:db8::1]:19302, stun:a.example:3478', ['stun:a.example:3478', 'stun:[2001:db8::1]:19302']],
    ['a.example  STUN:b.example:1', ['stun:a.example:3478', 'stun:b.example:1']],
  ])('are read from %j', (text, servers) => {
    expect(readStunServers(text)).toEqual({ servers });
  });

  it.each([
    [
      'stun:a.example turn:a.example:3478',
      '“turn:a.example:3478” is a TURN server, through which all data would go. Only STUN servers are used here.',
    ],
    ['https://a.example', '“https://a.example” is no STUN server. Write each as stun:host:port.'],
    ['stun:a.example:65536', '“stun:a.example:65536” is no STUN server. Write each as stun:host:port.'],
    ['[:::]:1', '“[:::]:1” is no STUN server. Write each as stun:host:port.'],
    ['stun:1.2.3.4.5', '“stun:1.2.3.4.5” is no STUN server. Write each as stun:host:port.'],
    ['stun:a.example:0', '“stun:a.example:0” is no STUN server. Write each as stun:host:port.'],
    [Array.from({ length: 9 }, (_, index) => `stun:a:${index + 1}`).join('\n'), 'These are 9 servers. Keep at most 8.'],
  ])('are not read from %j, and it says why', (text, problem) => {
    expect(readStunServers(text)).toEqual({ problem });
  });
});
