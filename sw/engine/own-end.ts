import { ExternalAddress } from './external-address.ts';
import { connectionRank } from './rank.ts';
import type { PeerAddress } from './codec/address.ts';

/** How our own end of a connection looks from outside. */
export interface OwnEnd {
  /** Of a connection with that address (BEP 40), higher first. */
  rank(theirs: PeerAddress): number;
  /** A peer at `host` sees us at `ip`, 4 or 16 bytes. */
  seenAs(host: string, ip: Uint8Array): void;
  /** Whether that is where we ourselves accept connections. */
  isOurs(address: PeerAddress): boolean;
}

/** Our own end of all connections. Until enough peers have told our address, ranks go by one that nobody has. */
export function ownEnd(port: () => number): OwnEnd {
  const external = new ExternalAddress();
  return {
    rank: theirs => {
      const isV6 = theirs.host.includes(':');
      return connectionRank({ host: external.of(isV6 ? 6 : 4) ?? (isV6 ? '::' : '0.0.0.0'), port: port() }, theirs);
    },
    seenAs: (host, ip) => external.vote(host, ip),
    isOurs: ({ host, port: theirs }) => theirs === port() && host === external.of(host.includes(':') ? 6 : 4),
  };
}
