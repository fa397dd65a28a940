import type { ConnectionLimits } from './connection-limits.ts';
import type { Ids } from './effects.ts';
import type { Loop } from './loop.ts';
import type { Ports, RtcHandleEvents, Stream, StreamEvents } from './ports.ts';
import { CONNECTED } from './phase.ts';
import type { Registry } from './registry.ts';
import type { RtcPeer } from './rtc-address.ts';
import { RtcLinks } from './rtc-links.ts';
import type { Joined, RtcEvents } from './rtc-links.ts';
import type { Settings } from './settings.ts';
import type { Torrent } from './torrent.ts';
import { latin1 } from './codec/ws-tracker.ts';
import type { InfoHash } from './model/ids.ts';

/** A connection that stands: the other side's IP literal, empty where it is not known, and how it becomes a stream. */
interface Standing {
  readonly address: string;
  readonly take: (events: StreamEvents) => Stream;
}

/** The session's part in WebRTC: makes connections for {@link RtcLinks} by the port, and gives those that stand to their torrents. */
export class RtcPeers {
  readonly links: RtcLinks<Standing>;
  private attached = false;
  private wasOpen = false;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'random' | 'rtc'>,
    private readonly loop: Loop,
    private readonly torrents: Registry<Torrent>,
    private readonly limits: ConnectionLimits,
    private readonly ids: Ids,
    peerId: Uint8Array,
    private readonly settings: () => Pick<Settings, 'webrtc' | 'stunServers'>,
    /** Connections can be made from now on, or not any more. */
    private readonly changed: (isOpen: boolean, now: number) => void,
  ) {
    const { rtc, random } = ports;
    const isOpen = (): boolean => this.isOpen;
    const maker = {
      get isOpen() {
        return isOpen();
      },
      offer: (events: RtcEvents<Standing>) => rtc.offer(settings().stunServers, this.told(events)),
      answer: (sdp: string, events: RtcEvents<Standing>) => rtc.answer(settings().stunServers, sdp, this.told(events)),
    };
    this.links = new RtcLinks(
      maker,
      () => latin1(peerId),
      count => random.bytes(count),
      (joined, now) => this.join(joined, now),
      (infoHash, peerId) => this.isWelcome(infoHash, peerId),
    );
    rtc.watch(() => loop.run(() => this.review()));
  }

  attach(): void {
    this.attached = true;
    this.wasOpen = this.isOpen;
  }

  /** Streams need the daemon. */
  detach(): void {
    this.attached = false;
    this.links.clear(this.ports.clock.now());
  }

  /** A window has come or gone, or the setting is another. */
  review(): void {
    const { isOpen } = this;
    if (!this.attached || isOpen === this.wasOpen) return;
    this.wasOpen = isOpen;
    const now = this.ports.clock.now();
    if (!isOpen) this.links.clear(now);
    this.changed(isOpen, now);
  }

  private get isOpen(): boolean {
    return this.attached && this.settings().webrtc && this.ports.rtc.isOpen;
  }

  /** The torrent that would take that peer now; null: none. */
  private taker(infoHash: InfoHash, who: RtcPeer): Torrent | null {
    const torrent = this.torrents.get(infoHash);
    if (!torrent || !CONNECTED.has(torrent.phase) || this.limits.open >= this.limits.max) return null;
    return torrent.peerSet.hasRoomFor(who) ? torrent : null;
  }

  /** Whether to begin: there is room, and the peer is not connected to by another way. */
  private isWelcome(infoHash: InfoHash, peerId: string): boolean {
    const torrent = this.taker(infoHash, { host: null, peerId });
    for (const peer of torrent?.peers.values() ?? []) {
      if (peer.stage === 'open' && peer.peerId === peerId) return false;
    }
    return torrent !== null;
  }

  private told(events: RtcEvents<Standing>): RtcHandleEvents {
    const { clock } = this.ports;
    return {
      described: sdp => this.loop.run(() => events.described(sdp, clock.now())),
      opened: (address, take) => this.loop.run(() => events.opened({ address, take }, clock.now())),
      ended: () => this.loop.run(() => events.ended(clock.now())),
    };
  }

  /** Where there is no room for it, it is not taken, and ends. */
  private join({ standing, infoHash, peerId, isOurs }: Joined<Standing>, now: number): void {
    const who = standing.address === '' ? { host: null, peerId } : { host: standing.address, peerId };
    const torrent = this.taker(infoHash, who);
    if (!torrent) return;
    const conn = this.ids.conn();
    this.loop.connections.take(conn, standing.take);
    this.loop.connections.give(conn, torrent);
    this.loop.event(torrent, () => torrent.peerSet.join(conn, who, !isOurs, now));
  }
}
