import type { Http, Ports } from './ports.ts';
import { TrackerHosts } from './tracker-hosts.ts';
import type { Lookup } from './tracker-hosts.ts';
import { UdpTrackers, type UdpNet } from './udp-trackers.ts';
import { parseUdpTracker } from './codec/udp-tracker.ts';
import type { UdpTracker } from './codec/udp-tracker.ts';
import { isWsTracker } from './codec/ws-tracker.ts';
import { WsTrackers } from './ws-trackers.ts';
import type { CountsAlone, Signalling } from './ws-trackers.ts';
import { announceUrl, MAX_ANNOUNCE_BYTES, parseAnnounce, parseScrape, scrapeUrl } from './codec/tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest, ScrapeCounts } from './codec/tracker.ts';

const HTTP_TIMEOUT = 30_000;
/** Without WebSockets nothing is known of who is there, and nothing is wrong. */
const NO_SOCKETS: CountsAlone = { counts: { complete: -1, incomplete: -1 }, again: false };
const NO_ADDRESS: AnnounceFailure = { failure: 'Its address cannot be read.', refused: false };

/** How announces and scrapes reach a tracker, by the scheme of its address. */
export class Trackers {
  readonly udp: UdpTrackers;
  private readonly udpHosts: TrackerHosts;
  private readonly httpHosts: TrackerHosts;

  constructor(
    private readonly http: Http,
    /** `lookup` gives the addresses that a socket is there for, `resolve` all that a name has. */
    net: UdpNet & { readonly lookup: Lookup; readonly resolve: Lookup },
    random: () => number,
    /** The tracker at `host`, a name or an IP literal, sees us at `address` (BEP 24). Only those of HTTP tell. */
    private readonly seenAs: (host: string, address: string) => void,
    private readonly ws: WsTrackers | null,
  ) {
    this.udp = new UdpTrackers(net, random);
    this.udpHosts = new TrackerHosts((...asked) => net.lookup(...asked));
    this.httpHosts = new TrackerHosts((...asked) => net.resolve(...asked));
  }

  get isIdle(): boolean {
    return this.udp.isIdle && (this.ws?.isIdle ?? true) && this.udpHosts.isIdle && this.httpHosts.isIdle;
  }

  tick(now: number): void {
    this.udp.tick(now);
    this.ws?.tick(now);
  }

  /** The network is gone. Nobody is told. */
  clear(): void {
    this.udpHosts.clear();
    this.httpHosts.clear();
    this.udp.clear();
    this.ws?.clear();
  }

  /**
   * Calls `done`, maybe before it returns, with an answer; where there is `more` to come, over the other family of addresses, once
   * again with what both come to. The answer of this calls it off.
   */
  announce(
    url: string,
    announce: AnnounceRequest,
    now: number,
    done: (answer: AnnounceFailure | AnnounceAnswer | CountsAlone, more: boolean) => void,
  ): () => void {
    if (isWsTracker(url)) {
      if (this.ws) return this.ws.announce(url, announce, now, answer => done(answer, false));
      done(NO_SOCKETS, false);
      return () => undefined;
    }
    const udp = parseUdpTracker(url);
    if (udp) {
      return this.udpHosts.announce(
        udp.host,
        udp.port,
        now,
        ({ addresses }, at, told) => this.udp.announce(udp, addresses, announce, at, told),
        done,
      );
    }
    const host = httpHost(url);
    if (!host) {
      done(NO_ADDRESS, false);
      return () => undefined;
    }
    const address = announceUrl(url, announce);
    return this.httpHosts.announce(
      host.host,
      host.port,
      now,
      ({ family }, _at, told) =>
        this.http.get(address, family, MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) => {
          const answer = problem === '' ? readAnnounce(status, body) : { failure: problem, refused: false };
          if ('peers' in answer && answer.externalIp !== null) this.seenAs(host.host, answer.externalIp);
          told(answer);
        }),
      done,
    );
  }

  /** The counts of a torrent of 20 bytes; `done` gets null where the tracker does not tell. */
  scrape(url: string, infoHash: Uint8Array, now: number, done: (counts: ScrapeCounts | null) => void): void {
    if (isWsTracker(url)) return this.ws ? this.ws.scrape(url, infoHash, now, done) : done(null);
    const udp = parseUdpTracker(url);
    if (udp) {
      return this.udpHosts.way(udp.host, udp.port, now, (way, at) =>
        way ? this.udp.scrape(udp, way.addresses, infoHash, at, done) : done(null),
      );
    }
    const host = httpHost(url);
    const address = host && scrapeUrl(url, infoHash);
    if (!address) return done(null);
    this.httpHosts.way(host.host, host.port, now, way => {
      if (!way) return done(null);
      this.http.get(address, way.family, MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) =>
        done(problem === '' && status === 200 ? parseScrape(body, infoHash) : null),
      );
    });
  }
}

/** Where an HTTP tracker is to be asked; null for what is no address of one. */
function httpHost(text: string): Pick<UdpTracker, 'host' | 'port'> | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

/** Trackers over WebSocket, with the sockets of the port; what those tell is worked off by the loop, one thing at a time; null without those. */
export function wsTrackers(
  { clock, sockets }: Pick<Ports, 'clock' | 'sockets'>,
  loop: { run(action: () => void): void },
  signalling: Signalling,
  random: () => number,
  lost: (url: string, at: number) => void,
): WsTrackers | null {
  if (!sockets) return null;
  return new WsTrackers(
    (url, events) =>
      sockets.open(url, {
        opened: () => loop.run(() => events.opened(clock.now())),
        message: text => loop.run(() => events.message(text, clock.now())),
        closed: () => loop.run(() => events.closed(clock.now())),
      }),
    signalling,
    random,
    lost,
  );
}

/** What an HTTP tracker answered: a refusal counts whatever its status, anything else only with 200. */
export function readAnnounce(status: number, body: Uint8Array): AnnounceFailure | AnnounceAnswer {
  const answer = parseAnnounce(body);
  if (status === 200 || ('failure' in answer && answer.refused)) return answer;
  return { failure: `it answered with HTTP status ${status}`, refused: false };
}
