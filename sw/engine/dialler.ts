import type { ConnectionLimits } from './connection-limits.ts';
import type { Ids, Outbox } from './effects.ts';
import type { Peer } from './peer.ts';
import { hostOf } from './swarm.ts';
import type { Endpoint, Swarm } from './swarm.ts';
import { hostPort } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';

/** Connections of one torrent; the session has a limit over all as well. */
export const MAX_PEERS = 80;

/** What became of a connection: `worked`: its handshake was through; `fruitful`: payload went over it. */
interface End {
  readonly worked: boolean;
  readonly fruitful: boolean;
  readonly isSeed: boolean;
}

/** Goes to the peers of the swarm, and knows which of its addresses each connection keeps busy. */
export class Dialler {
  /** The addresses that are busy by a connection: one that was dialled, or where one that came to us listens. */
  private readonly endpoints = new Map<Peer, Endpoint>();

  constructor(
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly swarm: Swarm,
    private readonly limits: ConnectionLimits,
    private readonly ids: Ids,
    /** Makes the peer of a new connection. */
    private readonly add: (conn: number, address: string, now: number) => Peer,
    private readonly out: Outbox,
  ) {}

  endpointOf(peer: Peer): Endpoint | undefined {
    return this.endpoints.get(peer);
  }

  /** Connects to whoever is next, as far as there is room. `noSeeds`: to none that is known to have everything. */
  connect(noSeeds: boolean, now: number): void {
    while (this.hasRoom) {
      const address = this.swarm.next(now, noSeeds);
      if (!address) return;
      this.dial(address, now);
    }
  }

  /** Out of turn, as both sides have to come at the same time. */
  dialNow(address: PeerAddress, by: Peer, now: number): void {
    if (!this.hasRoom) return;
    this.swarm.add(address, 'pex', hostOf(by.address));
    const endpoint = this.swarm.take(address);
    // Routers let datagrams in from where some have gone to, and connections of TCP seldom (BEP 55).
    if (endpoint) this.dial({ ...endpoint, transport: 'utp' }, now);
  }

  /** The peer came to us, and listens there: that address is not to be dialled. */
  listens(peer: Peer, address: PeerAddress): void {
    // One over WebRTC has no address that is dialled.
    const transport = peer.transport === 'utp' ? 'utp' : 'tcp';
    this.endpoints.set(peer, { ...address, plain: false, v2: false, transport });
    this.swarm.occupy(address, transport);
  }

  /** Of two connections to one peer that one stays: the address stays busy with it. */
  handOver(from: Peer, to: Peer): void {
    const endpoint = this.endpoints.get(from);
    if (!endpoint || this.endpoints.has(to)) return;
    this.endpoints.delete(from);
    this.endpoints.set(to, endpoint);
  }

  /** TCP did not lead to that address. True where uTP is tried in its place. */
  tryUtp(endpoint: Endpoint): boolean {
    if (endpoint.transport === 'utp' || !this.limits.utp) return false;
    this.swarm.retryByUtp(endpoint);
    return true;
  }

  /**
   * The connection is gone. `retry`: it is to be tried again at once, without encryption. Of two that crossed both keep
   * one address busy, which it stays until the other is gone as well.
   */
  ended(peer: Peer, end: End, retry: boolean, now: number): void {
    const endpoint = this.endpoints.get(peer);
    this.endpoints.delete(peer);
    if (!endpoint) return;
    if (peer.v2) this.swarm.speaksV2(endpoint);
    if (this.isBusy(endpoint)) return;
    if (retry) this.swarm.retryPlain(endpoint);
    else this.swarm.ended(endpoint, end, now);
  }

  private get hasRoom(): boolean {
    return this.peers.size < MAX_PEERS && this.limits.hasRoom;
  }

  private isBusy({ host, port }: PeerAddress): boolean {
    for (const endpoint of this.endpoints.values()) if (endpoint.host === host && endpoint.port === port) return true;
    return false;
  }

  private dial(endpoint: Endpoint, now: number): void {
    const conn = this.ids.conn();
    const transport = this.limits.utp ? endpoint.transport : 'tcp';
    const address = { ...endpoint, transport };
    const peer = this.add(conn, hostPort(address), now);
    peer.transport = transport;
    this.endpoints.set(peer, address);
    this.limits.open += 1;
    this.limits.connecting += 1;
    this.out({ do: 'connect', conn, ...address });
  }
}
