import { fail } from './errors.ts';
import type { OwnEnd } from './own-end.ts';
import type { Peer } from './peer.ts';
import { PerMinute } from './per-minute.ts';
import { listenAddress } from './pex.ts';
import { hostPort, ipBytes } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';
import { decodeHolepunch, encodeHolepunch, HolepunchError } from './codec/holepunch.ts';
import type { HolepunchMessage } from './codec/holepunch.ts';
import { scopeOf } from './model/scope.ts';

/** The id by which peers address their ut_holepunch messages to us; told in the extended handshake. */
export const UT_HOLEPUNCH = 3;
/** Addresses whose tellers are remembered, and tellers of each: those told last. */
const MAX_NAMED = 500;
const MAX_TELLERS = 3;
/** Meetings that we asked for, the last of them, and ms until one with the same peer is asked for again. */
const MAX_ASKED = 100;
const ASK_AGAIN = 10 * 60_000;
/** Ms that a relay has to answer. */
const ANSWER_WITHIN = 30_000;
/** In a minute: meetings that one peer is given, and of what it asks until it is dropped; connects that one peer is sent; and those that we act on. */
const MAX_GIVEN = 10;
const MAX_WISHES = 100;
const MAX_SENT = 20;
const MAX_TAKEN = 10;

interface Asked {
  readonly relay: Peer;
  readonly at: number;
  isAnswered: boolean;
}

/**
 * Meetings of peers that cannot reach each other, arranged by one that both are connected to (BEP 55). We ask for one where
 * a connection failed, arrange it for others, and come where we are called. It knows nothing of how connections are made.
 */
export class Holepunch {
  /** Who told of a peer that takes part in this, by its address; the latest last. */
  private readonly tellers = new Map<string, Peer[]>();
  private readonly asked = new Map<string, Asked>();
  private readonly wishes = new PerMinute();
  private readonly sent = new PerMinute();
  private readonly taken = new PerMinute();

  constructor(
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly own: Pick<OwnEnd, 'isOurs'>,
    /** Connects to it at once, where there is room for it and it is not banned; `by` is who named it. */
    private readonly dial: (address: PeerAddress, by: Peer, now: number) => void,
  ) {}

  /** `by` told of a peer that takes part in this. */
  named(by: Peer, address: PeerAddress): void {
    const key = hostPort(address);
    const tellers = [...(this.tellers.get(key) ?? []).filter(peer => peer !== by), by].slice(-MAX_TELLERS);
    this.tellers.delete(key);
    this.tellers.set(key, tellers);
    forgetOldest(this.tellers, MAX_NAMED);
  }

  /** A connection to that address could not be made: whoever told of it may bring us together. */
  unreached(address: PeerAddress, now: number): void {
    const key = hostPort(address);
    const before = this.asked.get(key);
    if (!isPublic(address) || (before && now - before.at < ASK_AGAIN) || this.find(key)) return;
    this.ask(address, key, now);
  }

  /** Throws `protocol` where the message is malformed, or one too many. */
  receive(peer: Peer, payload: Uint8Array, now: number): void {
    const message = decodeHolepunch(payload);
    if (!message) return;
    switch (message.type) {
      case 'rendezvous':
        return this.relay(peer, message.address, now);
      case 'connect':
        return this.come(peer, message.address, now);
      case 'error':
        return this.refused(peer, message.address, now);
      default:
        message.type satisfies never;
    }
  }

  gone(peer: Peer): void {
    for (const [key, tellers] of this.tellers) {
      if (!tellers.includes(peer)) continue;
      if (tellers.length === 1) this.tellers.delete(key);
      else
        this.tellers.set(
          key,
          tellers.filter(other => other !== peer),
        );
    }
  }

  private ask(address: PeerAddress, key: string, now: number): void {
    const tellers = this.tellers.get(key) ?? [];
    const relay = tellers.findLast(isWilling);
    if (!relay) return;
    // Each is asked once.
    this.tellers.set(
      key,
      tellers.filter(other => other !== relay),
    );
    this.asked.delete(key);
    this.asked.set(key, { relay, at: now, isAnswered: false });
    forgetOldest(this.asked, MAX_ASKED);
    say(relay, { type: 'rendezvous', address, error: 0 }, now);
  }

  private relay(from: Peer, address: PeerAddress, now: number): void {
    const wishes = this.wishes.count(from, now);
    if (wishes > MAX_WISHES) fail('protocol', 'It asks for meetings with others too often.');
    if (wishes > MAX_GIVEN || !isWilling(from)) return;
    const target = this.find(hostPort(address));
    const [theirs, its] = [listenAddress(from), target && listenAddress(target)];
    const refuse = (error: number): void => say(from, { type: 'error', address, error }, now);
    if (this.own.isOurs(address)) refuse(HolepunchError.NO_SELF);
    else if (!isPublic(address) || target === from) refuse(HolepunchError.NO_SUCH_PEER);
    else if (!target || !its || !theirs || !isPublic(theirs)) refuse(HolepunchError.NOT_CONNECTED);
    else if (!isWilling(target)) refuse(HolepunchError.NO_SUPPORT);
    else if (this.sent.count(target, now) <= MAX_SENT) {
      say(from, { type: 'connect', address: its, error: 0 }, now);
      say(target, { type: 'connect', address: theirs, error: 0 }, now);
    }
  }

  private come(from: Peer, address: PeerAddress, now: number): void {
    const key = hostPort(address);
    const asked = this.asked.get(key);
    const isAnswer = asked?.relay === from && !asked.isAnswered && now - asked.at < ANSWER_WITHIN;
    if (isAnswer) asked.isAnswered = true;
    else if (this.taken.count(from, now) > MAX_TAKEN) return;
    if (isPublic(address) && !this.own.isOurs(address) && !this.find(key)) this.dial(address, from, now);
  }

  private refused(from: Peer, address: PeerAddress, now: number): void {
    const key = hostPort(address);
    if (this.asked.get(key)?.relay === from) this.ask(address, key, now);
  }

  /** Who is connected to us and has that address, as told by its connection or by itself. */
  private find(key: string): Peer | null {
    for (const peer of this.peers.values()) {
      if (peer.stage !== 'open') continue;
      const address = listenAddress(peer);
      if (peer.address === key || (address && hostPort(address) === key)) return peer;
    }
    return null;
  }
}

/** It is there, and takes part in this. */
function isWilling(peer: Peer): boolean {
  return peer.stage === 'open' && peer.takes('ut_holepunch');
}

/** Neighbours need no third, and nobody is to be sent into another's home. */
function isPublic({ host, port }: PeerAddress): boolean {
  const ip = ipBytes(host);
  return port > 0 && ip !== null && scopeOf(ip) === 'public';
}

function say(peer: Peer, message: HolepunchMessage, now: number): void {
  peer.sendExtended('ut_holepunch', encodeHolepunch(message), now);
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
