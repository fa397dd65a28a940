import { latin1, MAX_SDP } from './codec/ws-tracker.ts';
import type { Signal } from './codec/ws-tracker.ts';
import type { NewOffer, Signalling } from './ws-trackers.ts';
import type { InfoHash } from './model/ids.ts';

/** Connections that stand or are being made with a known peer, over all torrents; offers that nobody has answered yet. */
const MAX_LINKS = 40;
const MAX_OFFERS = 20;
/** Connections that peers offered and that do not stand yet, of one torrent and of all: whoever invents peers leaves places to others. */
const MAX_COMING_OF_ONE = 10;
const MAX_COMING = 20;
/** Offers that one announce carries. */
const OFFERS_AT_ONCE = 5;
/** Ms that an offer waits to be answered; the other side's life for one is as long. */
const OFFER_LIFE = 50_000;
/** Ms until a connection that was agreed on stands, and until we have described our end. */
const CONNECT_TIMEOUT = 30_000;
const DESCRIBE_TIMEOUT = 10_000;

/** A connection in the making, or one that stands. */
export interface RtcLink {
  /** The other side's answer to the offer that this one made. */
  answered(sdp: string): void;
  /** After this it tells nothing any more. */
  close(): void;
}

/** What it tells, `ended` last. */
export interface RtcEvents<Standing> {
  /** Our description, with every address that we can be reached at. */
  described(sdp: string, now: number): void;
  opened(standing: Standing, now: number): void;
  /** It never came about, or stands no more. */
  ended(now: number): void;
}

/** Who makes connections. */
export interface RtcMaker<Standing> {
  readonly isOpen: boolean;
  offer(events: RtcEvents<Standing>): RtcLink;
  answer(sdp: string, events: RtcEvents<Standing>): RtcLink;
}

/** describing → offered → connecting → open; of a peer's offer: describing → connecting → open. */
type Stage = 'describing' | 'offered' | 'connecting' | 'open';

interface Link {
  readonly infoHash: InfoHash;
  readonly isOurs: boolean;
  /** 20 characters; empty while nobody has answered. */
  peerId: string;
  stage: Stage;
  /** Monotonic ms by which the stage must be over. */
  dueAt: number;
  handle: RtcLink | null;
  /** To be called when its offer is described, or never will be. */
  readonly settled: (now: number) => void;
}

/** A connection that stands, and whom it is with. */
export interface Joined<Standing> {
  readonly standing: Standing;
  readonly infoHash: InfoHash;
  /** 20 characters, as its tracker named it. */
  readonly peerId: string;
  /** We offered it. */
  readonly isOurs: boolean;
}

/** Offers made and answered for all torrents, and the connections that come of them, until those end. */
export class RtcLinks<Standing> implements Signalling {
  /** Of our own making and not answered, by id. */
  private readonly offers = new Map<string, Link>();
  private readonly links = new Set<Link>();

  constructor(
    private readonly maker: RtcMaker<Standing>,
    /** Ours, 20 characters. */
    private readonly ownId: () => string,
    private readonly random: (count: number) => Uint8Array,
    private readonly joined: (joined: Joined<Standing>, now: number) => void,
    /** Whether a connection with that peer would be taken, if it stood now. */
    private readonly isWelcome: (infoHash: InfoHash, peerId: string) => boolean,
  ) {}

  get isOpen(): boolean {
    return this.maker.isOpen;
  }

  get isIdle(): boolean {
    return this.offers.size + this.links.size === 0;
  }

  offer(infoHash: InfoHash, now: number, done: (offers: readonly NewOffer[], now: number) => void): void {
    const room = Math.min(OFFERS_AT_ONCE, MAX_OFFERS - this.offers.size, MAX_LINKS - this.links.size);
    const described: NewOffer[] = [];
    let open = this.isOpen ? Math.max(0, room) : 0;
    if (open === 0) {
      done([], now);
      return;
    }
    const settle = (at: number): void => {
      open -= 1;
      if (open === 0) done(described, at);
    };
    for (let count = open; count > 0; count--) {
      const offerId = latin1(this.random(20));
      let isSettled = false;
      const settled = (at: number): void => {
        if (!isSettled) settle(at);
        isSettled = true;
      };
      const dueAt = now + DESCRIBE_TIMEOUT;
      const link: Link = { infoHash, isOurs: true, peerId: '', stage: 'describing', dueAt, handle: null, settled };
      this.offers.set(offerId, link);
      link.handle = this.maker.offer({
        described: (sdp, at) => {
          if (link.stage !== 'describing' || this.offers.get(offerId) !== link) return;
          if (sdp.length > MAX_SDP) {
            this.drop(offerId, link, at);
            return;
          }
          link.stage = 'offered';
          link.dueAt = at + OFFER_LIFE;
          described.push({ offerId, sdp });
          settled(at);
        },
        opened: (standing, at) => this.opened(link, standing, at),
        ended: at => this.drop(offerId, link, at),
      });
    }
  }

  offered({ infoHash, peerId, sdp }: Signal, now: number, answer: (sdp: string) => void): void {
    if (!this.isOpen || this.links.size >= MAX_LINKS || peerId === this.ownId()) return;
    if (this.isCrowded(infoHash) || this.known(infoHash, peerId) || !this.isWelcome(infoHash, peerId)) return;
    const dueAt = now + DESCRIBE_TIMEOUT;
    const link: Link = { infoHash, isOurs: false, peerId, stage: 'describing', dueAt, handle: null, settled: () => undefined };
    this.links.add(link);
    link.handle = this.maker.answer(sdp, {
      described: (ours, at) => {
        if (link.stage !== 'describing' || !this.links.has(link)) return;
        link.stage = 'connecting';
        link.dueAt = at + CONNECT_TIMEOUT;
        if (ours.length <= MAX_SDP) answer(ours);
      },
      opened: (standing, at) => this.opened(link, standing, at),
      ended: () => this.links.delete(link),
    });
  }

  answered({ infoHash, peerId, offerId, sdp }: Signal, now: number): void {
    const link = this.offers.get(offerId);
    if (link?.stage !== 'offered' || link.infoHash !== infoHash) return;
    this.offers.delete(offerId);
    const other = this.known(infoHash, peerId);
    if ((other && !this.yields(other)) || !this.isWelcome(infoHash, peerId)) return link.handle?.close();
    if (other) this.close(other);
    if (this.links.size >= MAX_LINKS) return link.handle?.close();
    this.links.add(link);
    link.peerId = peerId;
    link.stage = 'connecting';
    link.dueAt = now + CONNECT_TIMEOUT;
    link.handle?.answered(sdp);
  }

  tick(now: number): void {
    for (const [offerId, link] of this.offers) if (link.dueAt <= now) this.drop(offerId, link, now);
    for (const link of this.links) if (link.stage !== 'open' && link.dueAt <= now) this.close(link);
  }

  /** Nobody makes connections any more, and those that were made are gone. */
  clear(now: number): void {
    for (const [offerId, link] of this.offers) this.drop(offerId, link, now);
    for (const link of this.links) this.close(link);
  }

  private opened(link: Link, standing: Standing, now: number): void {
    const { infoHash, peerId, isOurs } = link;
    if (link.stage !== 'connecting' || !this.links.has(link)) return;
    link.stage = 'open';
    this.joined({ standing, infoHash, peerId, isOurs }, now);
  }

  private known(infoHash: InfoHash, peerId: string): Link | null {
    for (const link of this.links) if (link.infoHash === infoHash && link.peerId === peerId) return link;
    return null;
  }

  private isCrowded(infoHash: InfoHash): boolean {
    const coming = [...this.links].filter(link => !link.isOurs && link.stage !== 'open');
    return coming.length >= MAX_COMING || coming.filter(link => link.infoHash === infoHash).length >= MAX_COMING_OF_ONE;
  }

  /** Two peers that offer to each other at once both keep what the lesser of them offered, by its id. */
  private yields(link: Link): boolean {
    return link.stage !== 'open' && !link.isOurs && this.ownId() < link.peerId;
  }

  private close(link: Link): void {
    this.links.delete(link);
    link.handle?.close();
  }

  private drop(offerId: string, link: Link, now: number): void {
    this.offers.delete(offerId);
    this.close(link);
    link.settled(now);
  }
}
