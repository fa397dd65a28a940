import type { Http } from './ports.ts';
import { UdpTrackers, type UdpNet } from './udp-trackers.ts';
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
    /** The tracker at `host`, a name or an IP literal, sees us at `address` (BEP 24). Those of UDP do not tell. */
    private readonly seenAs: (host: string, address: string) => void,
  ) {
    this.udp = new UdpTrackers(net, random);
  }

  /** Calls `done` once, maybe before it returns; the answer calls it off. */
  announce(
    url: string,
    announce: AnnounceRequest,
    now: number,
    done: (answer: AnnounceFailure | AnnounceAnswer) => void,
  ): () => void {
    if (/^udp:/i.test(url)) return this.udp.announce(url, announce, now, done);
    return this.http.get(announceUrl(url, announce), MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) => {
      const answer = problem === '' ? readAnnounce(status, body) : { failure: problem, refused: false };
      if ('peers' in answer && answer.externalIp !== null) this.seenAs(new URL(url).hostname, answer.externalIp);
      done(answer);
    });
  }

  /** The counts of a torrent of 20 bytes; `done` gets null where the tracker does not tell. */
  scrape(url: string, infoHash: Uint8Array, now: number, done: (counts: ScrapeCounts | null) => void): void {
    const address = /^udp:/i.test(url) ? null : scrapeUrl(url, infoHash);
    if (/^udp:/i.test(url)) this.udp.scrape(url, infoHash, now, done);
    else if (address === null) done(null);
    else {
      this.http.get(address, MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) =>
        done(problem === '' && status === 200 ? parseScrape(body, infoHash) : null),
      );
    }
  }
}

/** What an HTTP tracker answered: a refusal counts whatever its status, anything else only with 200. */
export function readAnnounce(status: number, body: Uint8Array): AnnounceFailure | AnnounceAnswer {
  const answer = parseAnnounce(body);
  if (status === 200 || ('failure' in answer && answer.refused)) return answer;
  return { failure: `it answered with HTTP status ${status}`, refused: false };
}
