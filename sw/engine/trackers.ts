import type { Http } from './ports.ts';
import { UdpTrackers, type UdpNet } from './udp-trackers.ts';
import { announceUrl, MAX_ANNOUNCE_BYTES, parseAnnounce } from './codec/tracker.ts';
import type { AnnounceAnswer, AnnounceFailure, AnnounceRequest } from './codec/tracker.ts';

const HTTP_TIMEOUT = 30_000;

/** How announces reach a tracker, by the scheme of its address. */
export class Trackers {
  readonly udp: UdpTrackers;

  constructor(
    private readonly http: Http,
    net: UdpNet,
    random: () => number,
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
    return this.http.get(announceUrl(url, announce), MAX_ANNOUNCE_BYTES, HTTP_TIMEOUT, (problem, status, body) =>
      done(problem === '' ? readAnnounce(status, body) : { failure: problem, refused: false }),
    );
  }
}

/** What an HTTP tracker answered: a refusal counts whatever its status, anything else only with 200. */
export function readAnnounce(status: number, body: Uint8Array): AnnounceFailure | AnnounceAnswer {
  const answer = parseAnnounce(body);
  if (status === 200 || ('failure' in answer && answer.refused)) return answer;
  return { failure: `it answered with HTTP status ${status}`, refused: false };
}
