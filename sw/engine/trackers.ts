import type { Http, Ports } from './ports.ts';
import { UdpTrackers, type UdpNet } from './udp-trackers.ts';
import { isWsTracker } from './codec/ws-tracker.ts';
import { WsTrackers } from './ws-trackers.ts';
import type { CountsAlone, Signalling } from './ws-trackers.ts';
import { announceUrl, MAX_ANNOUNCE_BYTES, parseAnnounce, parseScrape, scrapeUrl } from './codec/tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest, ScrapeCounts } from './codec/tracker.ts';

const HTTP_TIMEOUT = 30_000;

/** How announces and scrapes reach a tracker, by the scheme of its address. */
export class Trackers {
  readonly udp: UdpTrackers;

  constructor(
    private readonly http: Http,
    net: UdpNet,
    random: () => number,
    /** The tracker at `host`, a name or an IP literal, sees us at `address` (BEP 24). Only those of HTTP tell. */
    private readonly seenAs: (host: string, address: string) => void,
    private readonly ws: WsTrackers,
  ) {
    this.udp = new UdpTrackers(net, random);
  }

  get isIdle(): boolean {
    return this.udp.isIdle && this.ws.isIdle;
  }

  tick(now: number): void {
    this.udp.tick(now);
    this.ws.tick(now);
  }

  /** The network is gone. Nobody is told. */
  clear(): void {
    this.udp.clear();
    this.ws.clear();
  }

  /** Calls `done` once, maybe before it returns; the answer calls it off. */
  announce(
    url: string,
    announce: AnnounceRequest,
    now: number,
    done: (answer: AnnounceFailure | AnnounceAnswer | CountsAlone) => void,
  ): () => void {
    if (isWsTracker(url)) return this.ws.announce(url, announce, now, done);
    if (/^udp:/i.test(url)) return this.udp.announce(url, announce, now, done);
    return this.http.get(announceUrl(url, announce), MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) => {
      const answer = problem === '' ? readAnnounce(status, body) : { failure: problem, refused: false };
      if ('peers' in answer && answer.externalIp !== null) this.seenAs(new URL(url).hostname, answer.externalIp);
      done(answer);
    });
  }

  /** The counts of a torrent of 20 bytes; `done` gets null where the tracker does not tell. */
  scrape(url: string, infoHash: Uint8Array, now: number, done: (counts: ScrapeCounts | null) => void): void {
    const address = /^https?:/i.test(url) ? scrapeUrl(url, infoHash) : null;
    if (isWsTracker(url)) this.ws.scrape(url, infoHash, now, done);
    else if (/^udp:/i.test(url)) this.udp.scrape(url, infoHash, now, done);
    else if (address === null) done(null);
    else {
      this.http.get(address, MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) =>
        done(problem === '' && status === 200 ? parseScrape(body, infoHash) : null),
      );
    }
  }
}

/** Nobody makes or answers offers: WebSocket trackers only count. */
export const NO_RTC: Signalling = {
  isOpen: false,
  offer: (_infoHash, now, done) => done([], now),
  offered: () => undefined,
  answered: () => undefined,
};

/** Trackers over WebSocket, with the sockets of the port; what those tell is worked off by the loop, one thing at a time. */
export function wsTrackers(
  { clock, sockets }: Pick<Ports, 'clock' | 'sockets'>,
  loop: { run(action: () => void): void },
  signalling: Signalling,
  random: () => number,
  lost: (url: string, at: number) => void,
): WsTrackers {
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
