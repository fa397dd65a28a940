import { LENT_WINDOW, MAX_DESCRIPTION, MAX_LENT_BYTES, TOLD_BYTES, TOLD_MESSAGES } from '../../sw/lending.ts';

/** Ms that addresses are gathered for; what there is by then has to do. */
const GATHER_TIMEOUT = 4_000;
/** Bytes of one message to the other side: longer ones are faster, and no browser takes less. */
const MESSAGE = 64 << 10;
/**
 * While more than so many bytes or messages wait to be taken, shorter messages that come are put together before they are posted: a peer may
 * say a byte at a time. Well above what the worker tells together and the beginning of a frame that it waits for the rest of, in however
 * many messages that came: else what was put together would wait for word that does not come.
 */
const GATHER_ABOVE = 2 * TOLD_BYTES;
const GATHER_ABOVE_MESSAGES = 4 * TOLD_MESSAGES;
const SHORT = 32 << 10;
/**
 * Bytes that the browser may hold to be sent; at half of them it is given more. Less does not fill a line, and more keeps what is said now
 * behind it: so it is more where half of it was gone in {@link QUICK} ms, and less again where that took {@link SLOW}.
 */
const AHEAD = 1 << 20;
const MOST_AHEAD = 4 << 20;
const QUICK = 100;
const SLOW = 1_000;
/** Bytes that came and were not taken yet, of one connection and of all: nothing stops a sender, so one that goes beyond is left. */
const MAX_HELD = 32 << 20;
const MAX_HELD_BY_ALL = 128 << 20;

export interface LentEvents {
  described(sdp: string): void;
  opened(address: string): void;
  /** Takes the bytes over. */
  data(bytes: Uint8Array<ArrayBuffer>): void;
  taken(bytes: number): void;
  /** Last, and once. */
  closed(reason: string): void;
}

/** One connection: described, answered, open, closed. It carries bytes as they come, whatever messages they came in. */
export class LentConnection {
  private readonly peer: RTCPeerConnection;
  private channel: RTCDataChannel | null = null;
  private isOpen = false;
  private isClosed = false;
  /** To the worker: what came, and how much of it was posted and not taken. */
  private incoming: Uint8Array<ArrayBuffer>[] = [];
  /** The last of it, put together from short messages. */
  private tail: { readonly bytes: Uint8Array<ArrayBuffer>; used: number } | null = null;
  private incomingBytes = 0;
  private untaken = 0;
  private untakenMessages = 0;
  /** To the other side. */
  private outgoing: Uint8Array<ArrayBuffer>[] = [];
  private outgoingBytes = 0;
  /** Bytes that the browser may hold, and when it was last given as many, ms. */
  private ahead = AHEAD;
  private filledAt = 0;

  constructor(
    servers: readonly string[],
    /** Bytes held by all connections. */
    private readonly held: { bytes: number },
    private readonly events: LentEvents,
  ) {
    this.peer = new RTCPeerConnection({ iceServers: servers.map(urls => ({ urls })), bundlePolicy: 'max-bundle' });
    this.peer.onconnectionstatechange = () => {
      if (this.peer.connectionState === 'failed') this.close('The connection failed.');
    };
    this.peer.ondatachannel = ({ channel }) => {
      if (this.channel === null) this.use(channel);
      else channel.close();
    };
  }

  offer(): void {
    this.run(async () => {
      this.use(this.peer.createDataChannel(''));
      await this.describe();
    });
  }

  answer(sdp: string): void {
    this.run(async () => {
      await this.hearOf({ type: 'offer', sdp });
      if (!this.isClosed) await this.describe();
    });
  }

  answered(sdp: string): void {
    this.run(() => this.hearOf({ type: 'answer', sdp }));
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.outgoing.push(bytes);
    this.outgoingBytes += bytes.length;
    this.pumpOut();
  }

  /** The worker has passed on so many bytes, and with them the last of so many messages. */
  taken(bytes: number, messages: number): void {
    this.untaken -= bytes;
    this.untakenMessages -= messages;
    this.pumpIn();
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isOpen = false;
    this.held.bytes -= this.incomingBytes;
    this.incoming = [];
    this.tail = null;
    this.outgoing = [];
    this.channel?.close();
    this.peer.close();
    this.events.closed(reason);
  }

  private async hearOf(theirs: RTCSessionDescriptionInit & { sdp: string }): Promise<void> {
    if (!isForDataAlone(theirs.sdp)) return this.close('It asks for more than a data channel.');
    await this.peer.setRemoteDescription(theirs);
  }

  /** The description goes out whole, with all addresses in it: there is no way to send more of them later. */
  private async describe(): Promise<void> {
    await this.peer.setLocalDescription();
    await this.gathered();
    const sdp = this.peer.localDescription?.sdp;
    if (this.isClosed || sdp === undefined) return;
    // An answer repeats some of the offer.
    if (sdp.length > MAX_DESCRIPTION) return this.close('Its description is too long.');
    this.events.described(sdp);
  }

  private gathered(): Promise<void> {
    if (this.peer.iceGatheringState === 'complete') return Promise.resolve();
    return new Promise(resolve => {
      const timeout = setTimeout(resolve, GATHER_TIMEOUT);
      this.peer.onicegatheringstatechange = () => {
        if (this.peer.iceGatheringState !== 'complete') return;
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  private use(channel: RTCDataChannel): void {
    this.channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = AHEAD / 2;
    channel.onmessage = ({ data }: MessageEvent<unknown>) => this.hear(data);
    channel.onbufferedamountlow = () => {
      this.pace(channel);
      this.pumpOut();
    };
    channel.onclose = () => this.close('The other side closed the connection.');
    channel.onopen = () => this.run(() => this.open());
    if (channel.readyState === 'open') this.run(() => this.open());
  }

  private async open(): Promise<void> {
    const address = await remoteAddress(this.peer);
    if (this.isOpen || this.isClosed) return;
    this.isOpen = true;
    this.events.opened(address);
    this.pumpIn();
  }

  private hear(data: unknown): void {
    if (this.isClosed) return;
    if (!(data instanceof ArrayBuffer)) return this.close('It sent text.');
    if (data.byteLength === 0) return;
    if (data.byteLength <= SHORT && this.isBehind) this.gather(new Uint8Array(data));
    else {
      this.seal();
      if (data.byteLength <= MAX_LENT_BYTES) this.incoming.push(new Uint8Array(data));
      else
        for (let at = 0; at < data.byteLength; at += MAX_LENT_BYTES)
          this.incoming.push(new Uint8Array(data.slice(at, at + MAX_LENT_BYTES)));
    }
    this.incomingBytes += data.byteLength;
    this.held.bytes += data.byteLength;
    if (this.incomingBytes > MAX_HELD || this.held.bytes > MAX_HELD_BY_ALL) return this.close('It sends more than is taken.');
    this.pumpIn();
  }

  /** More waits to be taken than is told together, or nothing is taken yet. */
  private get isBehind(): boolean {
    return !this.isOpen || this.untaken > GATHER_ABOVE || this.untakenMessages > GATHER_ABOVE_MESSAGES;
  }

  /** A message for each would cost more than its bytes. */
  private gather(bytes: Uint8Array): void {
    if (this.tail === null || this.tail.used + bytes.length > MESSAGE) {
      this.seal();
      this.tail = { bytes: new Uint8Array(MESSAGE), used: 0 };
    }
    this.tail.bytes.set(bytes, this.tail.used);
    this.tail.used += bytes.length;
  }

  private seal(): void {
    if (this.tail === null) return;
    const { bytes, used } = this.tail;
    this.tail = null;
    // A short one would keep the memory of a long one.
    this.incoming.push(used < MESSAGE / 2 ? bytes.slice(0, used) : bytes.subarray(0, used));
  }

  private pumpIn(): void {
    if (!this.isOpen) return;
    if (!this.isBehind) this.seal();
    let count = 0;
    for (const bytes of this.incoming) {
      if (this.untaken + bytes.length > LENT_WINDOW) break;
      count += 1;
      this.untaken += bytes.length;
      this.untakenMessages += 1;
      this.incomingBytes -= bytes.length;
      this.held.bytes -= bytes.length;
      this.events.data(bytes);
    }
    this.incoming.splice(0, count);
  }

  private pumpOut(): void {
    const { channel } = this;
    if (channel?.readyState !== 'open') return;
    let sent = 0;
    try {
      while (this.outgoingBytes > 0 && channel.bufferedAmount < this.ahead) {
        const message = this.takeMessage();
        channel.send(message);
        sent += message.length;
      }
    } catch {
      return this.close('It could not be sent to.');
    }
    if (channel.bufferedAmount >= this.ahead) this.filledAt = performance.now();
    if (sent > 0) this.events.taken(sent);
  }

  /** Half of what it was given is gone. */
  private pace(channel: RTCDataChannel): void {
    if (this.filledAt === 0) return;
    const took = performance.now() - this.filledAt;
    this.filledAt = 0;
    if (took <= QUICK) this.ahead = Math.min(MOST_AHEAD, this.ahead * 2);
    else if (took >= SLOW) this.ahead = Math.max(AHEAD, this.ahead / 2);
    channel.bufferedAmountLowThreshold = this.ahead / 2;
  }

  /** The next of what is to be sent, as one message: a part of what came as it is, where that is long enough. */
  private takeMessage(): Uint8Array<ArrayBuffer> {
    const [first] = this.outgoing;
    if (first && (first.length >= MESSAGE || this.outgoing.length === 1)) {
      const message = first.subarray(0, MESSAGE);
      if (message.length < first.length) this.outgoing[0] = first.subarray(MESSAGE);
      else this.outgoing.shift();
      this.outgoingBytes -= message.length;
      return message;
    }
    const message = new Uint8Array(Math.min(MESSAGE, this.outgoingBytes));
    let at = 0;
    let whole = 0;
    for (const bytes of this.outgoing) {
      const room = message.length - at;
      message.set(bytes.subarray(0, room), at);
      at += Math.min(room, bytes.length);
      if (bytes.length > room) {
        this.outgoing[whole] = bytes.subarray(room);
        break;
      }
      whole += 1;
      if (at === message.length) break;
    }
    this.outgoing.splice(0, whole);
    this.outgoingBytes -= message.length;
    return message;
  }

  private run(act: () => Promise<void>): void {
    act().catch((cause: unknown) => this.close(cause instanceof Error ? cause.message.slice(0, 200) : ''));
  }
}

/**
 * Whether a session description (RFC 8866) has one section, for data channels (RFC 8841): a browser would take up audio and video
 * as well, and answer each. Browsers differ in how freely they read a line, so one that is not plainly of another type counts.
 */
function isForDataAlone(sdp: string): boolean {
  const sections = sdp.split(/[\r\n]+/).filter(line => line !== '' && !/^[a-ln-z]=/.test(line));
  return sections.length === 1 && sections.every(line => line.startsWith('m=application '));
}

/** The IP literal that the other side is reached at; empty where the browser keeps it to itself, as it does with names of mDNS. */
async function remoteAddress(peer: RTCPeerConnection): Promise<string> {
  const stats = await peer.getStats();
  let address = '';
  stats.forEach((report: { type: string; selectedCandidatePairId?: string }) => {
    if (report.type !== 'transport' || report.selectedCandidatePairId === undefined) return;
    const pair = stats.get(report.selectedCandidatePairId) as { remoteCandidateId?: string } | undefined;
    const candidate = stats.get(pair?.remoteCandidateId ?? '') as { address?: string | null } | undefined;
    if (/^[0-9A-Fa-f.:]{2,45}$/.test(candidate?.address ?? '')) address = candidate?.address ?? '';
  });
  return address;
}
