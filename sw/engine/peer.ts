import type { Outbox, Transport } from './effects.ts';
import { Meter } from './meter.ts';
import { Assignment, Pipeline } from './requests.ts';
import { Bitfield } from './model/bitfield.ts';
import { encodeMessage, encodeRequests, PIECE_ID, piecePrefix } from './codec/peer-wire.ts';
import type { ExtendedHandshake } from './codec/extensions.ts';
import type { ActivePiece } from './pieces.ts';
import { BLOCK } from './model/layout.ts';

/** Credit that a peer starts with once its stream is framed, and keeps being topped up to, bytes. */
const CREDIT = 256 * 1024;
/** No message but a bitfield of 2,097,152 pieces comes near it. */
const MAX_FRAME = 1 << 20;

/** Blocks that a peer may refuse without having been asked for them, over all. */
const MAX_STRAY_REFUSALS = 64;

/** connecting → (securing →) handshaking → open → closed; an incoming one starts at handshaking. */
export type PeerStage = 'connecting' | 'securing' | 'handshaking' | 'open' | 'closed';

/** What carries a connection. */
export type PeerTransport = Transport | 'webrtc';

/** How much of a connection is enciphered: nothing, its handshake, all of it. */
export type PeerEncryption = 'none' | 'handshake' | 'full';

/**
 * One connection to a peer: what either side has said so far, and the ways to say more. It decides nothing; the
 * torrent's downloader, uploader and the choker do.
 */
export class Peer {
  stage: PeerStage;
  /** IP:port as dialled or accepted; see rtc-address.ts for those over WebRTC. */
  address: string;
  transport: PeerTransport = 'tcp';
  /** Not a byte has come from it. */
  isSilent = true;
  encryption: PeerEncryption = 'none';
  /** Said behind the handshake and read with it, in plaintext. */
  ahead: Uint8Array = new Uint8Array(0);
  peerId = '';
  client = '';
  fast = false;
  extended: ExtendedHandshake | null = null;
  supportsExtensions = false;
  /** The connection is of the v2 swarm: hashes may be asked for (BEP 52). */
  v2 = false;

  amChoking = true;
  amInterested = false;
  /** A piece that it has and we want: why we are interested in it. */
  sought = -1;
  peerChoking = true;
  peerInterested = false;
  /** What the peer has; empty until it says. Sized once the metadata is known. */
  has: Bitfield;
  /** What it said of its pieces while their number was unknown. */
  early: { bits: Uint8Array | null; all: boolean; haves: number[] } = { bits: null, all: false, haves: [] };
  /** How often it told of all its pieces in a few bytes: have-all or have-none. */
  shortTellings = 0;
  /** Pieces that it would rather send than others (BEP 6). */
  readonly suggested = new Set<number>();
  /** Pieces that we may ask for while choked (BEP 6). */
  readonly allowedFast = new Set<number>();
  /** Pieces that it may ask for while choked, and the bytes of each that are left to it: once over, no more. */
  readonly granted = new Map<number, number>();

  readonly down: Meter;
  readonly up: Meter;
  readonly pipeline = new Pipeline();
  /** What it was asked for, by piece. */
  readonly assignments = new Map<number, Assignment>();
  /** Blocks asked for and not here. */
  inflight = 0;
  /** Blocks that it was asked for and that were called off: each may come yet. */
  calledOff = 0;
  /** When it last sent a block, or was last asked with nothing in flight. */
  lastBlockAt: number;
  lastSentAt: number;
  lastHeardAt: number;
  /** When the choker last let it in. */
  unchokedAt = 0;
  private consumed = 0;
  /** Blocks that it was asked for and that were withdrawn: it may refuse each of them yet. */
  private withdrawn = 0;

  constructor(
    readonly conn: number,
    address: string,
    readonly incoming: boolean,
    readonly openedAt: number,
    private readonly out: Outbox,
    pieceCount: number,
  ) {
    this.stage = incoming ? 'handshaking' : 'connecting';
    this.address = address;
    this.has = new Bitfield(pieceCount);
    this.down = new Meter(openedAt);
    this.up = new Meter(openedAt);
    this.lastBlockAt = openedAt;
    this.lastSentAt = openedAt;
    this.lastHeardAt = openedAt;
  }

  /** The handshake is through: frames from here on. */
  begin(now: number): void {
    this.stage = 'open';
    this.lastHeardAt = now;
    this.out({ do: 'framed', conn: this.conn, maxFrame: MAX_FRAME, back: this.ahead });
    this.ahead = new Uint8Array(0);
    this.out({ do: 'discard', conn: this.conn, prefix: Uint8Array.of(PIECE_ID) });
    this.out({ do: 'credit', conn: this.conn, bytes: CREDIT });
  }

  send(bytes: Uint8Array, now: number): void {
    this.lastSentAt = now;
    this.out({ do: 'send', conn: this.conn, bytes });
  }

  /** Whether it takes messages of that extension (BEP 10). */
  takes(extension: string): boolean {
    return this.idOf(extension) > 0;
  }

  /** A message of an extension; dropped where it takes none. */
  sendExtended(extension: string, payload: Uint8Array, now: number): void {
    const id = this.idOf(extension);
    if (id > 0) this.send(encodeMessage({ type: 'extended', id, payload }), now);
  }

  /** A frame of that many bytes was worked off: gives its credit back, in large steps. */
  consume(bytes: number): void {
    this.consumed += bytes;
    if (this.consumed < CREDIT / 2) return;
    this.out({ do: 'credit', conn: this.conn, bytes: this.consumed });
    this.consumed = 0;
  }

  setInterested(interested: boolean, now: number): void {
    if (this.amInterested === interested) return;
    this.amInterested = interested;
    this.send(encodeMessage({ type: interested ? 'interested' : 'notInterested' }), now);
  }

  setChoking(choking: boolean, now: number): void {
    if (this.amChoking === choking) return;
    this.amChoking = choking;
    if (!choking) this.unchokedAt = now;
    this.send(encodeMessage({ type: choking ? 'choke' : 'unchoke' }), now);
  }

  mayAskFor(piece: number): boolean {
    return this.has.get(piece) && (!this.peerChoking || this.allowedFast.has(piece));
  }

  /** Asks for blocks [first, end) of a piece: lands them where they belong, then sends the requests. */
  request(piece: ActivePiece, first: number, end: number, now: number): void {
    let assignment = this.assignments.get(piece.index);
    if (!assignment) {
      assignment = new Assignment(piece);
      this.assignments.set(piece.index, assignment);
      piece.askers += 1;
    }
    assignment.add(first, end);
    piece.askedAt = now;
    if (this.inflight === 0) this.lastBlockAt = now;
    this.inflight += end - first;
    this.pipeline.asked(piece.index, first, now);
    this.out({
      do: 'expect',
      conn: this.conn,
      buffer: piece.buffer,
      prefix: piecePrefix(piece.index),
      runs: [piece.run(first, end)],
    });
    const requests = [];
    for (let block = first; block < end; block++) {
      requests.push({ piece: piece.index, begin: block * BLOCK, length: piece.blockLength(block) });
    }
    this.send(encodeRequests(requests), now);
  }

  /** The block came, or will not: false if it was not asked of this peer. */
  settle(piece: number, block: number): boolean {
    const assignment = this.assignments.get(piece);
    if (!assignment) return false;
    const { open, calledOff } = assignment;
    if (!assignment.settle(block)) return false;
    this.inflight -= open - assignment.open;
    this.calledOff -= calledOff - assignment.calledOff;
    this.dropIfOver(assignment);
    return true;
  }

  /** It refused a block that is not asked of it: false if it does so more often than crossing messages explain. */
  mayRefuse(): boolean {
    this.withdrawn -= 1;
    return this.withdrawn >= -MAX_STRAY_REFUSALS;
  }

  /** A block that was asked of it came from another: true, and told, if so. */
  cancel(piece: ActivePiece, block: number, now: number): boolean {
    const { inflight } = this;
    if (!this.settle(piece.index, block)) return false;
    if (this.inflight === inflight) return true;
    this.withdrawn += 1;
    this.tellCancelled(piece, block, now);
    return true;
  }

  /**
   * Need not bring what it was asked for of a piece and has not sent yet. What is on the line already is to come, and is neither asked for
   * elsewhere meanwhile nor thrown away: with the Fast extension each block is answered (BEP 6), without it nobody tells.
   */
  callOff(assignment: Assignment, now: number): void {
    const { piece, open } = assignment;
    for (const [first, end] of assignment.openRuns()) {
      for (let block = first; block < end; block++) this.tellCancelled(piece, block, now);
    }
    assignment.callOff(now);
    this.inflight -= open;
    this.calledOff += open;
    this.withdrawn += open;
    this.pipeline.forgetProbe();
  }

  /** What was called off of a piece will not come any more. */
  giveUp(assignment: Assignment): void {
    this.unexpect(assignment, [...assignment.calledOffRuns()]);
  }

  /** Withdraws everything asked for of a piece; `cancel` also tells the peer. */
  withdraw(assignment: Assignment, cancel: boolean, now: number): void {
    const { piece, open } = assignment;
    const runs = [...assignment.openRuns()];
    if (cancel)
      for (const [first, end] of runs) for (let block = first; block < end; block++) this.tellCancelled(piece, block, now);
    this.withdrawn += open;
    this.unexpect(assignment, [...runs, ...assignment.calledOffRuns()]);
    this.pipeline.forgetProbe();
  }

  private unexpect(assignment: Assignment, runs: readonly (readonly [number, number])[]): void {
    const { piece } = assignment;
    for (const [first, end] of runs) {
      for (let block = first; block < end; block++) {
        piece.release(block);
        this.settle(piece.index, block);
      }
    }
    this.out({
      do: 'unexpect',
      conn: this.conn,
      buffer: piece.buffer,
      prefix: piecePrefix(piece.index),
      runs: runs.map(([first, end]) => piece.run(first, end)),
    });
  }

  private tellCancelled(piece: ActivePiece, block: number, now: number): void {
    const request = { piece: piece.index, begin: block * BLOCK, length: piece.blockLength(block) };
    this.send(encodeMessage({ type: 'cancel', ...request }), now);
  }

  private idOf(extension: string): number {
    return this.extended?.m.get(extension) ?? 0;
  }

  private dropIfOver(assignment: Assignment): void {
    if (assignment.isOver && this.assignments.delete(assignment.piece.index)) assignment.piece.askers -= 1;
  }
}
