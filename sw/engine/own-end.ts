import { ExternalAddress } from './external-address.ts';
import type { Witness } from './external-address.ts';
import { connectionRank } from './rank.ts';
import { familyOf, hostPort } from './codec/address.ts';
import type { Family, PeerAddress } from './codec/address.ts';

/** Addresses at which we met ourselves that are remembered, the latest. */
const MAX_MET = 16;

/** Our own end of all connections: how it looks from outside. */
export class OwnEnd {
  private readonly external: ExternalAddress;
  /** Where dialling led to ourselves. */
  private readonly met = new Set<string>();

  /** `port`: where we accept connections; `moved`: our address of that family is another from now on. */
  constructor(
    private readonly port: () => number,
    moved: (family: Family) => void,
  ) {
    this.external = new ExternalAddress(moved);
  }

  /** Our public address, an IP literal; null while too few have told it. */
  address(family: Family): string | null {
    return this.external.of(family);
  }

  /** Of a connection with that address (BEP 40), higher first. Until our address is known it goes by one that nobody has. */
  rank(theirs: PeerAddress): number {
    const family = familyOf(theirs.host);
    const host = this.address(family) ?? (family === 6 ? '::' : '0.0.0.0');
    return connectionRank({ host, port: this.port() }, theirs);
  }

  /** A witness at `host` sees us at `address`, an IP literal. */
  seenAs(witness: Witness, host: string, address: string): void {
    this.external.vote(witness, host, address);
  }

  /** Dialling that address led to ourselves: it is not to be tried again, whoever names it. */
  metAt(address: PeerAddress): void {
    this.met.add(hostPort(address));
    const [oldest] = this.met;
    if (this.met.size > MAX_MET && oldest !== undefined) this.met.delete(oldest);
  }

  /** Whether that is where we ourselves accept connections. */
  isOurs(address: PeerAddress): boolean {
    const { host, port } = address;
    return (port === this.port() && host === this.address(familyOf(host))) || this.met.has(hostPort(address));
  }
}
