import { fail } from './errors.ts';
import type { Peer } from './peer.ts';
import { hostPort, ipBytes, parseHostPort } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';
import { decodePex, encodePex, PEX_FLAG } from './codec/pex.ts';
import type { PexPeer } from './codec/pex.ts';
import { mayName, scopeOf } from './model/scope.ts';

/** The id by which peers address their ut_pex messages to us; told in the extended handshake. */
export const UT_PEX = 1;
/** Ms between two messages to a peer, and until one with nothing to say is looked at again. */
const INTERVAL = 60_000;
const LOOK_AGAIN = 10_000;
/** Peers that one message names as joined or as left: the first one tells of all that we are connected to. */
const MAX_FIRST = 200;
const MAX_NEXT = 50;
/** Ms that must lie between two messages of a peer; one that comes sooner is passed over. The slack is for its clock. */
const TOO_SOON = 45_000;
/** Messages that came too soon until the peer is dropped. */
const MAX_TOO_SOON = 5;

/** What was said between us and one peer. */
interface Conversation {
  /** Peers that it was told of and that have not left since, by address. */
  readonly told: Set<string>;
  isFirst: boolean;
  /** Monotonic ms. */
  sendAt: number;
  heardAt: number;
  tooSoon: number;
}

/**
 * The peer exchange of one torrent (BEP 11): tells peers whom we are connected to, a minute between two messages, and
 * takes in what they tell. It names only peers that we talk to ourselves, at the address where they accept connections.
 */
export class PeerExchange {
  private readonly conversations = new Map<Peer, Conversation>();

  constructor(private readonly peers: ReadonlyMap<number, Peer>) {}

  /** Once a second: messages that are due. */
  tick(now: number): void {
    let connected: ReadonlyMap<string, PexPeer> | null = null;
    for (const peer of this.peers.values()) {
      if (peer.stage !== 'open' || !peer.takes('ut_pex')) continue;
      const conversation = this.with(peer);
      if (now < conversation.sendAt) continue;
      connected ??= this.connected();
      this.tell(peer, conversation, connected, now);
    }
  }

  /**
   * Addresses that a peer told us of and that may be tried; none where it told them too soon. Throws `protocol` where
   * the message is malformed, or the last of too many.
   */
  receive(peer: Peer, payload: Uint8Array, now: number): PexPeer[] {
    const conversation = this.with(peer);
    const isTooSoon = now - conversation.heardAt < TOO_SOON;
    if (isTooSoon && ++conversation.tooSoon > MAX_TOO_SOON) fail('protocol', 'It sends peer exchanges too often.');
    const { added } = decodePex(payload);
    if (isTooSoon) return [];
    conversation.heardAt = now;
    const from = ipBytes(parseHostPort(peer.address)?.host ?? '');
    const scope = from ? scopeOf(from) : 'public';
    return added.filter(({ host }) => {
      const ip = ipBytes(host);
      return ip !== null && mayName(scope, scopeOf(ip));
    });
  }

  gone(peer: Peer): void {
    this.conversations.delete(peer);
  }

  private tell(peer: Peer, conversation: Conversation, connected: ReadonlyMap<string, PexPeer>, now: number): void {
    const { told } = conversation;
    const own = listenAddress(peer);
    const ownKey = own ? hostPort(own) : '';
    const most = conversation.isFirst ? MAX_FIRST : MAX_NEXT;
    const added: PexPeer[] = [];
    const dropped: PeerAddress[] = [];
    for (const key of told) {
      const address = connected.has(key) || dropped.length >= most ? null : parseHostPort(key);
      if (!address) continue;
      dropped.push(address);
      told.delete(key);
    }
    for (const [key, candidate] of connected) {
      if (added.length >= most || key === ownKey || told.has(key)) continue;
      added.push(candidate);
      told.add(key);
    }
    conversation.sendAt = now + LOOK_AGAIN;
    if (added.length + dropped.length === 0) return;
    conversation.isFirst = false;
    conversation.sendAt = now + INTERVAL;
    peer.sendExtended('ut_pex', encodePex({ added, dropped }), now);
  }

  private connected(): ReadonlyMap<string, PexPeer> {
    const connected = new Map<string, PexPeer>();
    for (const peer of this.peers.values()) {
      const address = peer.stage === 'open' ? listenAddress(peer) : null;
      if (address) connected.set(hostPort(address), { ...address, flags: flagsOf(peer) });
    }
    return connected;
  }

  private with(peer: Peer): Conversation {
    let conversation = this.conversations.get(peer);
    if (!conversation) {
      conversation = { told: new Set(), isFirst: true, sendAt: 0, heardAt: -Infinity, tooSoon: 0 };
      this.conversations.set(peer, conversation);
    }
    return conversation;
  }
}

/** Where a peer accepts connections, as an IP literal: what we dialled, or the port that it told; null if unknown. */
export function listenAddress(peer: Peer): PeerAddress | null {
  const address = parseHostPort(peer.address);
  const port = peer.incoming ? (peer.extended?.port ?? 0) : (address?.port ?? 0);
  const ip = ipBytes(address?.host ?? '');
  return address && ip && port > 0 ? { host: address.host, port } : null;
}

/** What a peer exchange tells of a peer: one that speaks uTP and was not reached otherwise is tried so first. */
export function saidBy({ flags }: PexPeer): { isSeed: boolean; transport: 'tcp' | 'utp' } {
  const isUtp = (flags & PEX_FLAG.utp) !== 0 && (flags & PEX_FLAG.reachable) === 0;
  return { isSeed: (flags & PEX_FLAG.seed) !== 0, transport: isUtp ? 'utp' : 'tcp' };
}

function flagsOf(peer: Peer): number {
  const { extended } = peer;
  const isSeed = (peer.has.size > 0 && peer.has.isFull) || extended?.uploadOnly === true;
  return (
    (extended?.prefersEncryption === true ? PEX_FLAG.encryption : 0) |
    (isSeed ? PEX_FLAG.seed : 0) |
    (peer.transport === 'utp' ? PEX_FLAG.utp : 0) |
    (peer.takes('ut_holepunch') ? PEX_FLAG.holepunch : 0) |
    (peer.incoming ? 0 : PEX_FLAG.reachable)
  );
}
