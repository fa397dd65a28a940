/** What a router can be asked, whichever protocol it speaks, and how it answers. */
import ipaddr from 'ipaddr.js';
import type { PortWish, RouterState } from '../../wire/control.ts';

/** Where this computer stands in its network: the router that leads out of it, and our own address towards that. */
export interface Network {
  readonly gateway: string;
  readonly address: string;
  /** Of IPv6: the address of ours on the link to the router, with its zone, from which it is looked for. */
  readonly near?: string;
}

export interface Lease {
  /** The port that the router passes on to us; it need not be the one wished for. */
  readonly externalPort: number;
  /** The router's own address outside, an IP literal; empty where it does not tell. */
  readonly externalAddress: string;
  /** Seconds until the router forgets it; it may forget sooner. */
  readonly lifetime: number;
}

/** Calls are made one after another. All may throw a {@link RouterError}. */
export interface Router {
  readonly via: Exclude<RouterState['via'], ''>;
  /** Opens a port, or prolongs what was opened. `suggested`: the external port to try first. */
  map(wish: PortWish, suggested: number): Promise<Lease>;
  unmap(wish: PortWish, externalPort: number): Promise<void>;
  /** Whether it still knows what it was asked; one that was restarted does not. */
  remembers(wish: PortWish, externalPort: number): Promise<boolean>;
  close(): void;
}

/** `silent`: there is nobody who speaks that protocol. `refused`: there is, and it does not do what was asked. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly kind: 'silent' | 'refused';

  constructor(kind: 'silent' | 'refused', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Seconds that a port is asked for. */
export const LEASE_SECONDS = 3600;
const SHORTEST_LEASE = 120;
const LONGEST_LEASE = 24 * 3600;

/** A lease as a router grants it, checked. @throws {RouterError} where it is none */
export function checkedLease(externalPort: number, externalAddress: string, lifetime: number): Lease {
  if (externalPort < 1 || externalPort > 65_535 || lifetime < 1) throw new RouterError('refused', 'It granted nothing.');
  return { externalPort, externalAddress, lifetime: Math.min(Math.max(lifetime, SHORTEST_LEASE), LONGEST_LEASE) };
}

/** Whether the internet can reach an IP literal, as far as its range tells. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}
