/**
 * Which addresses may be reached. Names are resolved here, every address of the answer is checked, and the checked one
 * is what gets dialled: nobody resolves a second time.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { NetStatus } from '../wire/frames.ts';
import { OwnAddress } from './own-address.ts';
import { BAD_PORTS } from './bad-ports.ts';

/** Peers may be in private ranges, as in a home network; HTTP is for the public ones. */
export type Purpose = 'peer' | 'http';

export interface Address {
  /** In its shortest spelling (RFC 5952). */
  readonly host: string;
  readonly family: 4 | 6;
}

/** An address to dial, or why there is none. */
export type Resolved =
  | { readonly status: typeof NetStatus.OK; readonly addresses: readonly Address[] }
  | { readonly status: Exclude<NetStatus, typeof NetStatus.OK>; readonly detail: string };

export type Resolve = (name: string) => Promise<readonly string[]>;

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

/** ipaddr.js names of ranges; anything that is not listed for a purpose is refused to it. */
const ALLOWED: Readonly<Record<Purpose, ReadonlySet<string>>> = {
  peer: new Set(['unicast', 'private', 'uniqueLocal', 'carrierGradeNat']),
  http: new Set(['unicast']),
};
/** Cloud metadata services that stand in ranges otherwise fine. */
const METADATA = new Set(['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16']);
/** All that was ever given out of IPv6; what looks public outside of it hides IPv4 (`::7f00:1`), or is nowhere. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR('2000::/3');
/** `127.1`, `0x7f.1` and `2130706433` are what some systems take for addresses: no name ends in a number. */
const NUMERIC_NAME = /(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$/i;
const NAME = /^(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;

async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

export class Guard {
  /** Where this process goes out from. */
  readonly from: OwnAddress;
  readonly #allow: readonly [Parsed, number][];
  readonly #ownPorts = new Map<number, number>();
  readonly #resolve: Resolve;
  readonly #refused: (rule: string, address: string) => void;

  /**
   * `allow`: CIDR ranges let through to everyone, whatever else is said of them. `refused` hears the rule, and of what, whenever one is applied.
   * @throws {Error} where one is none
   */
  constructor(
    allow: readonly string[],
    resolve: Resolve = systemResolve,
    refused: (rule: string, address: string) => void = () => undefined,
    from = new OwnAddress(''),
  ) {
    this.from = from;
    this.#allow = allow.map(cidr => ipaddr.parseCIDR(cidr));
    this.#resolve = resolve;
    this.#refused = refused;
  }

  /** A port that this process listens on is not to be dialled at any address of this machine. */
  own(port: number): void {
    this.#ownPorts.set(port, (this.#ownPorts.get(port) ?? 0) + 1);
  }

  disown(port: number): void {
    const count = (this.#ownPorts.get(port) ?? 0) - 1;
    if (count > 0) this.#ownPorts.set(port, count);
    else this.#ownPorts.delete(port);
  }

  /** All addresses of a host are fit to be dialled, or none is given. `host` may be in brackets. */
  async resolve(host: string, port: number, purpose: Purpose): Promise<Resolved> {
    const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    if (port < 1 || port > 65535) return refused('no such port');
    if (purpose === 'http' && BAD_PORTS.has(port)) return refused('a port of another protocol');
    if (isIP(bare) !== 0) return this.#check([bare], port, purpose);
    if (!NAME.test(bare) || NUMERIC_NAME.test(bare)) return refused('neither a name nor an address');
    let addresses: readonly string[];
    try {
      addresses = await this.#resolve(bare);
    } catch {
      addresses = [];
    }
    if (addresses.length === 0) return { status: NetStatus.NAME_NOT_FOUND, detail: 'the name has no address' };
    return this.#check(addresses, port, purpose);
  }

  #check(addresses: readonly string[], port: number, purpose: Purpose): Resolved {
    const checked: Address[] = [];
    for (const address of addresses) {
      if (!this.permits(address, port, purpose)) return refused('the address is not to be reached from here');
      checked.push({ host: ipaddr.parse(address).toString(), family: isIP(address) === 6 ? 6 : 4 });
    }
    const reachable = checked.filter(({ family }) => this.from.speaks(family));
    if (reachable.length === 0) return { status: NetStatus.UNREACHABLE, detail: 'no way from the address that is used' };
    return { status: NetStatus.OK, addresses: reachable };
  }

  /** Whether an IP literal may be dialled. */
  permits(address: string, port: number, purpose: Purpose): boolean {
    const rule = this.#ruleAgainst(address, port, purpose);
    if (rule !== null) this.#refused(rule, address);
    return rule === null;
  }

  /** What speaks against it, in our own words or those of ipaddr.js for ranges. */
  #ruleAgainst(address: string, port: number, purpose: Purpose): string | null {
    // A zone is the business of this machine's interfaces, and only link-local addresses have one.
    if (isIP(address) === 0 || address.includes('%')) return 'no address';
    const parsed = ipaddr.parse(address);
    if (this.#ownPorts.has(port) && isOfThisMachine(parsed)) return 'own port';
    if (this.#allow.some(range => matches(parsed, range))) return null;
    if (METADATA.has(parsed.toString())) return 'metadata';
    const range = parsed.range();
    if (range === 'unicast' && parsed instanceof ipaddr.IPv6 && !parsed.match(GIVEN_OUT)) return 'not given out';
    return ALLOWED[purpose].has(range) ? null : range;
  }
}

function refused(detail: string): Resolved {
  return { status: NetStatus.REFUSED_BY_GUARD, detail };
}

function matches(address: Parsed, [range, bits]: readonly [Parsed, number]): boolean {
  if (address instanceof ipaddr.IPv4) return range instanceof ipaddr.IPv4 && address.match(range, bits);
  return range instanceof ipaddr.IPv6 && address.match(range, bits);
}

function isOfThisMachine(address: Parsed): boolean {
  if (address.range() === 'loopback' || address.range() === 'unspecified') return true;
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) return isOfThisMachine(address.toIPv4Address());
  const text = address.toString();
  return Object.values(networkInterfaces()).some(list =>
    list?.some(own => isIP(own.address) !== 0 && ipaddr.parse(own.address).toString() === text),
  );
}
