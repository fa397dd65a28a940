import type { Ids, Outbox, Transport } from './effects.ts';
import { EngineError } from './errors.ts';
import type { OwnEnd } from './own-end.ts';
import { Barring } from './barring.ts';
import { Conduct } from './conduct.ts';
import { Dialler, MAX_PEERS } from './dialler.ts';
import { Handshaking } from './handshaking.ts';
import { Holepunch } from './holepunch.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { note } from './journal.ts';
import { answerTo, isV2, namesOne, outlasts } from './handshakes.ts';
import { Peer, type PeerEncryption } from './peer.ts';
import { listenAddress, PeerExchange, saidBy } from './pex.ts';
import type { Settings } from './settings.ts';
import type { Security } from './securing.ts';
import { hostOf, Swarm } from './swarm.ts';
import type { PassedPeer, PeerSource } from './swarm.ts';
import { Telling } from './telling.ts';
import { Traffic } from './traffic.ts';
import { Turnover, yieldsTo } from './turnover.ts';
import { greet, receive } from './wire.ts';
import { rtcAddress, shownAddress } from './rtc-address.ts';
import type { RtcPeer } from './rtc-address.ts';
import type { PeerDirectory, WireTarget } from './wire-target.ts';
import { Bitfield } from './model/bitfield.ts';
import { hostPort, ipText, parseHostPort, subnetOf } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';
import { PEX_FLAG } from './codec/pex.ts';
import { sameBytes, toHex } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';
import { encodeMessage } from './codec/peer-wire.ts';
import type { Handshake } from './codec/peer-wire.ts';

/** Ms. */
const HANDSHAKE_TIMEOUT = 10_000;
const KEEP_ALIVE = 100_000;
const SILENCE = 180_000;
/** Of one torrent and one host: a household behind one address, and not a whole farm. */
const MAX_PER_HOST = 8;
/** The peers of one torrent: whom it knows, whom it is connected to, and the handshakes in between. */
export class PeerSet implements PeerDirectory {
  readonly all = new Map<number, Peer>();
  readonly swarm: Swarm;
  isPrivate = false;
  private readonly exchange = new PeerExchange(this.all);
  private readonly turnover = new Turnover();
  private readonly holepunch: Holepunch;
  private readonly dialler: Dialler;
  /** What all of them are told. */
  readonly telling: Telling;
  /** Peers that a person named, in a magnet or by hand: recorded with the torrent. */
  named: string[] = [];
  /** Whom a person wants no connection with. */
  readonly barring: Barring;
  private readonly shaking: Handshaking;
  /** What becomes of those that break the protocol. */
  readonly conduct: Conduct;
  private readonly traffic = new Traffic(this.all);

  constructor(
    private readonly infoHash: InfoHash,
    private readonly torrent: WireTarget & { readonly hashes: TorrentHashes },
    private readonly peerId: Uint8Array,
    private readonly limits: ConnectionLimits,
    private readonly own: OwnEnd,
    ids: Ids,
    security: Security,
    private readonly out: Outbox,
  ) {
    this.shaking = new Handshaking(torrent, peerId, security, out);
    this.swarm = new Swarm(
      address => own.rank(address),
      host => this.barring.has(host),
    );
    this.barring = new Barring(this.all, this.swarm, limits, (...dropped) => this.close(...dropped));
    const add = (conn: number, address: string, now: number): Peer => this.add(conn, address, false, now);
    this.dialler = new Dialler(this.all, this.swarm, limits, ids, add, out);
    this.holepunch = new Holepunch(this.all, own, (...meeting) => this.dialler.dialNow(...meeting));
    this.conduct = new Conduct(this.all, this.swarm, out, (...dropped) => this.close(...dropped));
    this.telling = new Telling(this.all, torrent);
  }

  get uploaded(): number {
    return this.traffic.sum('up');
  }
  get downloaded(): number {
    return this.traffic.sum('down');
  }

  /**
   * Peers that somebody named, `under` the one of the torrent's hashes that was asked about (null: none, or not known). A private
   * torrent takes them from trackers alone (BEP 27).
   */
  learn(peers: Iterable<PeerAddress>, source: PeerSource, under: InfoHash | null, now: number, connect: boolean): void {
    if (this.isPrivate && source !== 'tracker') return;
    const v2 = under !== null && isV2(under, this.torrent.hashes);
    for (const address of peers) {
      if (this.own.isOurs(address)) continue;
      this.swarm.add(address, source);
      if (v2) this.swarm.speaksV2(address);
    }
    if (connect) this.connect(now);
  }

  /** How many are known by addresses that this engine has no way to; null where it has one to any. */
  get outOfReach(): number | null {
    return this.limits.dials ? null : this.swarm.size;
  }

  /** As many as there may be over all torrents, where there are; else null. */
  get mostConnections(): number | null {
    return this.limits.open >= this.limits.max ? this.limits.max : null;
  }

  /** Who named its address; null where nobody did. */
  sourceOf(peer: Peer): PeerSource | null {
    const endpoint = this.dialler.endpointOf(peer);
    return endpoint ? this.swarm.sourceOf(endpoint) : null;
  }

  /** Those that the engine before knew, the best first. */
  takeOver(peers: readonly PassedPeer[]): void {
    for (const peer of peers) {
      if ((!this.isPrivate || peer.source === 'tracker') && !this.own.isOurs(peer)) this.swarm.takeOver(peer);
    }
  }

  /** Whom the next engine is to go to first, at most `most`. */
  passOn(most: number): PassedPeer[] {
    const open = [...this.all.values()].filter(({ stage }) => stage === 'open');
    return this.swarm.passOn(
      open.map(peer => this.dialler.endpointOf(peer)).filter(peer => peer !== undefined),
      most,
    );
  }

  /** The torrent turned out to be private: whoever no tracker named is forgotten, and left where we went to them. */
  keepToTrackers(now: number): void {
    this.isPrivate = true;
    this.named = [];
    this.swarm.keepTrackersOwn();
    for (const peer of [...this.all.values()]) {
      const endpoint = peer.incoming ? undefined : this.dialler.endpointOf(peer);
      if (endpoint && !this.swarm.has(endpoint)) this.close(peer, 'the torrent is private, and no tracker named it', now);
    }
    this.telling.introduce(now);
  }

  introduced(peer: Peer, now: number): void {
    const { yourIp = null } = peer.extended ?? {};
    const seen = yourIp && peer.transport !== 'webrtc' && ipText(yourIp);
    if (seen) this.own.seenAs('peer', hostOf(peer.address), seen);
    const address = peer.incoming && !this.dialler.endpointOf(peer) ? listenAddress(peer) : null;
    if (address) {
      this.dialler.listens(peer, address);
      this.callOff(address, now);
    }
    this.closeIfIdle(peer, now);
  }

  toldOf(peer: Peer, payload: Uint8Array, now: number): void {
    if (this.isPrivate) return;
    const by = hostOf(peer.address);
    for (const told of this.exchange.receive(peer, payload, now)) {
      if (this.own.isOurs(told)) continue;
      this.swarm.add(told, 'pex', by, saidBy(told));
      if ((told.flags & PEX_FLAG.holepunch) !== 0) this.holepunch.named(peer, told);
    }
  }

  calledTogether(peer: Peer, payload: Uint8Array, now: number): void {
    if (!this.isPrivate) this.holepunch.receive(peer, payload, now);
  }

  /** Once a second while the torrent has connections: new ones, keep-alives and time-outs. */
  tick(now: number): void {
    for (const peer of [...this.all.values()]) {
      const age = now - peer.openedAt;
      if (peer.stage !== 'open' && age > HANDSHAKE_TIMEOUT)
        this.end(peer, () => this.close(peer, 'it did not answer the handshake', now), now);
      else if (now - peer.lastHeardAt > SILENCE) this.close(peer, 'it fell silent', now);
      else if (peer.stage === 'open' && now - peer.lastSentAt > KEEP_ALIVE) peer.send(encodeMessage({ type: 'keepAlive' }), now);
    }
    this.telling.tick(now);
    if (!this.isPrivate) this.exchange.tick(now);
    const waiting = (): boolean => this.limits.dials && this.swarm.hasNext(now, this.hasEverything);
    for (const peer of this.turnover.due(this.all, MAX_PEERS, waiting, peer => this.rankOf(peer), now)) {
      this.close(peer, 'it makes room for another', now);
    }
    this.connect(now);
  }

  opened(conn: number, address: string, now: number): void {
    const peer = this.all.get(conn);
    if (peer?.stage !== 'connecting') return;
    this.limits.connecting -= 1;
    peer.address = address;
    // A name may lead to where a person, or what it did, does not let it.
    if (this.swarm.isBanned(hostOf(address))) return this.close(peer, 'its address is banned', now);
    this.shaking.begin(peer, this.dialler.endpointOf(peer) ?? { plain: false, v2: false }, now);
  }

  /** A connection that came to us, after its handshake named this torrent. False if there is no room for it. */
  accept(
    conn: number,
    address: string,
    handshake: Handshake,
    stream: { readonly transport: Transport; readonly encryption: PeerEncryption; readonly ahead: Uint8Array },
    now: number,
  ): boolean {
    const host = hostOf(address);
    if (this.swarm.isBanned(host) || this.countAt(host) >= MAX_PER_HOST) return false;
    if (this.all.size >= MAX_PEERS) {
      const rank = this.own.rank(parseHostPort(address) ?? { host, port: 0 });
      const least = yieldsTo(rank, this.all.values(), peer => this.rankOf(peer), now);
      if (!least) return false;
      this.close(least, 'it makes room for one that ranks higher', now);
    }
    const peer = this.add(conn, address, true, now);
    this.limits.open += 1;
    peer.transport = stream.transport;
    peer.encryption = stream.encryption;
    peer.ahead = stream.ahead;
    const answered = answerTo(handshake, this.torrent.hashes);
    peer.send(this.shaking.own(answered), now);
    this.handshaken(peer, handshake, answered, now);
    return true;
  }

  /** Whether a peer over WebRTC may join. */
  hasRoomFor(peer: RtcPeer): boolean {
    const host = rtcAddress(peer);
    if (this.swarm.isBanned(host) || (peer.host !== null && this.swarm.isBanned(peer.host))) return false;
    return this.all.size < MAX_PEERS && this.countAt(host) < MAX_PER_HOST;
  }

  /** A connection over WebRTC that stands: either side begins, and what enciphers it is below it. */
  join(conn: number, from: RtcPeer, incoming: boolean, now: number): void {
    const peer = this.add(conn, rtcAddress(from), incoming, now);
    peer.transport = 'webrtc';
    peer.encryption = 'full';
    this.limits.open += 1;
    this.shaking.begin(peer, { plain: false, v2: false }, now);
  }

  received(conn: number, bytes: Uint8Array, now: number): void {
    const peer = this.all.get(conn);
    if (!peer) return;
    peer.isSilent = false;
    try {
      if (peer.stage === 'open') receive(peer, bytes, this.torrent, now);
      else this.shake(peer, this.shaking.received(peer, bytes, now), now);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (peer.stage === 'securing') {
        // It may speak no cipher at all, which is no breach.
        this.close(peer, error.message, now);
        this.connect(now);
      } else this.conduct.breach(peer, error.message, now);
    }
  }

  /** A payload frame was thrown away unread. */
  discarded(conn: number, length: number, now: number): void {
    const peer = this.all.get(conn);
    if (peer) this.conduct.discarded(peer, length, now);
  }

  /** The stream has ended, and not by us; `reason` is a sentence of the port's. */
  closed(conn: number, reason: string, now: number): void {
    const peer = this.all.get(conn);
    if (!peer) return;
    const failed = peer.stage === 'securing';
    if (peer.stage === 'open') this.out(note('peer-lost', shownAddress(peer.address), reason));
    this.end(peer, () => this.forget(peer, now), now);
    if (failed) this.connect(now);
  }

  close(peer: Peer, reason: string, now: number): void {
    if (peer.stage === 'closed') return;
    if (peer.stage === 'open') this.out(note('peer-left', shownAddress(peer.address), reason));
    this.drop(peer, reason, now);
  }

  private drop(peer: Peer, reason: string, now: number): void {
    this.out({ do: 'log', level: 'debug', text: `${this.infoHash}: ${peer.address} dropped: ${reason}` });
    this.out({ do: 'close', conn: peer.conn });
    this.forget(peer, now);
  }

  /** These settings are others: who is not allowed any more goes. */
  allow({ banned, encryption }: Partial<Pick<Settings, 'banned' | 'encryption'>>, now: number): void {
    if (banned) this.barring.set(null, now);
    if (encryption !== 'require') return;
    for (const peer of [...this.all.values()]) if (peer.encryption !== 'full') this.close(peer, 'it is not enciphered', now);
  }

  closeAll(now: number, reason = 'the torrent stops'): void {
    const open = [...this.all.values()].filter(({ stage }) => stage === 'open');
    if (open.length > 0) this.out(note('peers-left', '', reason, open.length));
    for (const peer of [...this.all.values()]) this.drop(peer, reason, now);
  }

  /** Everything wanted is here. */
  nothingWanted(now: number): void {
    for (const peer of [...this.all.values()]) {
      if (peer.stage !== 'open') continue;
      if (!this.closeIfIdle(peer, now)) peer.setInterested(false, now);
    }
  }

  /** Drops a peer where neither of us can want anything, or does (BEP 21). */
  closeIfIdle(peer: Peer, now: number): boolean {
    if (this.hasEverything && peer.has.isFull) this.close(peer, 'both have everything', now);
    else if (this.torrent.content?.isComplete && peer.extended?.uploadOnly === true) {
      this.close(peer, 'neither of us wants anything', now);
    } else return false;
    return true;
  }

  private connect(now: number): void {
    this.dialler.connect(this.hasEverything, now);
  }

  /** It came to us from there: going there has become needless. */
  private callOff(address: PeerAddress, now: number): void {
    const key = hostPort(address);
    for (const peer of [...this.all.values()]) {
      if (peer.stage === 'connecting' && peer.address === key) this.close(peer, 'it came to us', now);
    }
  }

  /** Ends a connection. If nothing came over it, uTP may lead to that peer; if it never came about, others may bring us together. */
  private end(peer: Peer, how: () => void, now: number): void {
    const endpoint = peer.isSilent && !peer.incoming && !this.isPlainNext(peer) ? this.dialler.endpointOf(peer) : undefined;
    const neverStood = peer.stage === 'connecting';
    how();
    if (!endpoint) return;
    if (this.dialler.tryUtp(endpoint)) this.connect(now);
    if (neverStood && !this.isPrivate) this.holepunch.unreached(endpoint, now);
  }

  private isPlainNext(peer: Peer): boolean {
    return peer.stage === 'securing' && this.shaking.isPlainNext;
  }

  private add(conn: number, address: string, incoming: boolean, now: number): Peer {
    const peer = new Peer(conn, address, incoming, now, this.out, this.torrent.content?.layout.pieceCount ?? 0);
    this.all.set(conn, peer);
    this.torrent.content?.picker.addPeer(peer.has);
    return peer;
  }

  private shake(peer: Peer, handshake: Handshake | 'foreign' | null, now: number): void {
    if (handshake === 'foreign') this.close(peer, 'it does not speak BitTorrent', now);
    else if (handshake && !namesOne(handshake, this.torrent.hashes)) this.close(peer, 'it answered for another torrent', now);
    else if (handshake) this.handshaken(peer, handshake, toHex(handshake.infoHash), now);
  }

  private handshaken(peer: Peer, handshake: Handshake, named: InfoHash, now: number): void {
    peer.v2 = isV2(named, this.torrent.hashes);
    const id = String.fromCharCode(...handshake.peerId);
    if (sameBytes(handshake.peerId, this.peerId)) {
      const own = this.dialler.endpointOf(peer);
      this.close(peer, 'it is ourselves', now);
      if (!own) return;
      this.own.metAt(own);
      this.swarm.giveUp(own);
      return;
    }
    for (const other of [...this.all.values()]) {
      if (other === peer || other.stage !== 'open' || other.peerId !== id) continue;
      const self = { peerId: this.peerId, listenPort: this.torrent.listenPort };
      const [stays, goes] = outlasts(peer, other, self) ? [peer, other] : [other, peer];
      this.dialler.handOver(goes, stays);
      this.close(goes, 'we are connected to it already', now);
      if (goes === peer) return;
    }
    greet(peer, handshake, this.torrent, now);
    this.out(note('peer-joined', shownAddress(peer.address), peer.client));
  }

  private rankOf(peer: Peer): number {
    const address = this.dialler.endpointOf(peer) ?? parseHostPort(peer.address);
    return address ? this.own.rank(address) : 0;
  }

  private countAt(host: string): number {
    let count = 0;
    for (const peer of this.all.values()) if (subnetOf(hostOf(peer.address)) === subnetOf(host)) count += 1;
    return count;
  }

  private get hasEverything(): boolean {
    return this.torrent.content?.downloader.have.isFull ?? false;
  }

  private forget(peer: Peer, now: number): void {
    const worked = peer.stage === 'open';
    const retry = this.isPlainNext(peer);
    const isSeed = (peer.has.size > 0 && peer.has.isFull) || peer.extended?.uploadOnly === true;
    const fruitful = peer.down.total + peer.up.total > 0;
    this.limits.open -= 1;
    if (peer.stage === 'connecting') this.limits.connecting -= 1;
    this.all.delete(peer.conn);
    const { content, fetch } = this.torrent;
    content?.gone(peer, now);
    peer.stage = 'closed';
    peer.has = new Bitfield(0);
    fetch?.gone(peer);
    this.exchange.gone(peer);
    this.holepunch.gone(peer);
    this.traffic.gone(peer);
    this.shaking.forget(peer);
    this.conduct.gone(peer);
    this.dialler.ended(peer, { worked, fruitful, isSeed }, retry, now);
  }
}
