/** The internet between simulated hosts: who listens where, who reaches whom, and what went over it. */
import { familyOf } from '../../sw/engine/codec/address.ts';
import type { Family } from '../../sw/engine/codec/address.ts';
import type { Net } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';

/** How a host's line is: ms one way, bytes a second out, and what it does to payload on its way out. */
export interface Line {
  readonly latency: number;
  readonly rate: number;
  /** Its IPv6 address, where it has one beside the IPv4 address that is its name. */
  readonly host6?: string;
  /** The part of the datagrams it sends that get lost. */
  readonly loss?: number;
  readonly corrupt?: (bytes: Uint8Array) => void;
  /** Ms that the next payload frame is held up, as a lost packet holds up a stream. Infinity: it never comes. */
  readonly stall?: () => number;
}

/** The address of that family of a host, "" where it has none. */
export function addressOf(name: string, { host6 = '' }: Line, family: Family): string {
  return familyOf(name) === family ? name : family === 6 ? host6 : '';
}

export type Accept = Parameters<Net['listen']>[2];

/** An open UDP socket as the internet sees it. */
export interface SimEndpoint {
  readonly host: string;
  readonly port: number;
  readonly groups: ReadonlySet<string>;
  deliver(host: string, port: number, bytes: Uint8Array): void;
}

/** Hosts by name, joined by lines with latency and a rate. */
export class SimInternet {
  readonly listeners = new Map<string, Accept>();
  /** Open UDP sockets, by address and port with a space between. */
  readonly datagrams = new Map<string, SimEndpoint>();
  /** The addresses of names. */
  readonly names = new Map<string, readonly string[]>();
  /** Payload bytes that each host sent. */
  readonly sent = new Map<string, number>();
  /** Whether two hosts are on one network, so that what one sends to a group reaches the other. */
  neighbours: (a: string, b: string) => boolean = () => false;
  /** Whether two hosts reach each other. */
  joined: (a: string, b: string) => boolean = () => true;
  /** Hosts behind a router: they reach others, and what is dialled there is never answered. */
  readonly shielded = new Set<string>();
  readonly nets = new Set<{ cut(): void }>();
  /** Sees all that goes over a line, as it is there. */
  tap: ((bytes: Uint8Array) => void) | null = null;
  /** Addresses that were dialled, in order, and those by uTP. */
  readonly dialled: string[] = [];
  readonly dialledByUtp: string[] = [];
  /** The ports that hosts speak uTP on, by address. */
  readonly utp = new Map<string, number>();
  /** Hosts that TCP never leads to. */
  readonly withoutTcp = new Set<string>();
  /** Who has sent uTP to whom, addresses with a space between: routers let in what comes from there. */
  readonly punched = new Set<string>();
  constructor(readonly clock: VirtualClock) {}

  /** From now on two hosts reach each other only where `joined` says so; what joined others is cut. */
  partition(joined: (a: string, b: string) => boolean): void {
    this.joined = joined;
    for (const net of this.nets) net.cut();
  }
}
