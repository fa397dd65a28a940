import type { ConnectionLimits } from './connection-limits.ts';
import { UdpSockets } from './datagrams.ts';
import type { Ids } from './effects.ts';
import { Incoming, LISTEN_PORTS } from './incoming.ts';
import type { Loop } from './loop.ts';
import { LsdSockets } from './lsd-sockets.ts';
import { OwnEnd } from './own-end.ts';
import { PortMapping } from './port-mapping.ts';
import { PortTest } from './port-test.ts';
import type { Ports } from './ports.ts';
import { reachOf } from './reach.ts';
import type { Reach } from './reach.ts';
import type { Registry } from './registry.ts';
import type { Security } from './securing.ts';
import type { Settings } from './settings.ts';
import type { Torrent } from './torrent.ts';
import { RtcPeers } from './rtc-peers.ts';
import { Trackers, wsTrackers } from './trackers.ts';
import type { Family } from './codec/address.ts';

export interface SessionOptions {
  readonly version: string;
  /** Where peers reach us: the first that is free, 0 for any. Those of BitTorrent where none are given. */
  readonly listenPorts?: readonly number[];
}

/** The session's ends to the network that belong to no one torrent: where peers come in, datagrams, trackers, the router. */
export class Doors {
  readonly reach: Reach;
  readonly own: OwnEnd;
  readonly incoming: Incoming;
  readonly udp: UdpSockets;
  readonly mapping: PortMapping;
  readonly local: LsdSockets;
  readonly trackers: Trackers;
  readonly rtc: RtcPeers;
  readonly portTest: PortTest;

  constructor(
    private readonly ports: Ports,
    { listenPorts = LISTEN_PORTS }: SessionOptions,
    private readonly loop: Loop,
    private readonly torrents: Registry<Torrent>,
    limits: ConnectionLimits,
    ids: Ids,
    peerId: Uint8Array,
    security: Security,
    random: () => number,
    private readonly settings: () => Settings,
  ) {
    this.reach = reachOf(ports.datagrams !== null);
    limits.dials = this.reach.addresses;
    this.own = new OwnEnd(
      () => this.mapping.port,
      family => this.moved(family),
    );
    this.udp = new UdpSockets(
      ports,
      loop,
      (...datagram) => this.trackers.udp.received(...datagram),
      this.own,
      () => settings().utp,
    );
    this.rtc = new RtcPeers(ports, loop, torrents, limits, ids, peerId, settings, (isOpen, now) => {
      if (!isOpen) ws?.leaveAll(now);
      else for (const { announcer } of torrents.values()) announcer.rtcOpened(now);
    });
    const ws = wsTrackers(ports, loop, this.rtc.links, random, (url, at) => {
      for (const { announcer } of torrents.values()) announcer.forgotten(url, at);
    });
    this.trackers = new Trackers(ports.http, this.udp, random, (...seen) => this.own.seenAs('tracker', ...seen), ws);
    const open = () => ({ tcp: this.incoming.port, udp: this.udp.port });
    this.mapping = new PortMapping(ports, loop, this.own, torrents, open);
    this.local = new LsdSockets(ports, loop, () => this.incoming.port);
    this.incoming = new Incoming(ports, loop, torrents, limits, ids, security, listenPorts, port =>
      this.udp.open(port, () => this.mapping.ask(settings().portMapping)),
    );
    this.portTest = new PortTest(ports, loop, this.own, this.mapping, this.incoming);
  }

  /** The network can be used. */
  open(): void {
    this.rtc.attach();
    if (!this.reach.addresses) return;
    this.incoming.listen();
    if (this.settings().lsd) this.local.open();
  }

  /** Tries whether peers outside reach us, and has the router asked anew. */
  testPort(): void {
    if (!this.reach.addresses) return;
    if (this.incoming.port > 0 && this.settings().portMapping) this.mapping.ask(true);
    this.portTest.start();
  }

  /** It is gone. */
  close(): void {
    this.incoming.detach();
    this.portTest.detach();
    this.rtc.detach();
    this.mapping.close();
    this.trackers.clear();
    this.udp.close();
    this.local.close();
  }

  /** The settings are others, `change` among them. */
  review(change: Partial<Settings>, attached: boolean): void {
    if (change.webrtc !== undefined) this.loop.run(() => this.rtc.review());
    if (!this.reach.addresses) return;
    if (!this.settings().lsd) this.local.close();
    else if (attached) this.local.open();
    this.udp.speakUtp();
    if (change.portMapping !== undefined && attached) this.mapping.ask(change.portMapping);
  }

  get isIdle(): boolean {
    return (
      this.portTest.state !== 'running' &&
      !this.udp.dht.isOpen &&
      this.incoming.isIdle &&
      this.trackers.isIdle &&
      this.rtc.links.isIdle
    );
  }

  tick(now: number, second: boolean): void {
    if (second) this.loop.run(() => this.udp.dht.tick(now));
    if (second) this.loop.run(() => this.local.lsd.tick(now));
    this.loop.run(() => this.incoming.tick(now));
    this.loop.run(() => this.portTest.tick(now));
    this.loop.run(() => this.trackers.tick(now));
    this.loop.run(() => this.rtc.links.tick(now));
  }

  /** Our public address of that family is another from now on. */
  private moved(family: Family): void {
    this.udp.dht.moved(family, this.ports.clock.now());
    for (const torrent of this.torrents.values()) torrent.peerSet.swarm.rerank();
  }
}
