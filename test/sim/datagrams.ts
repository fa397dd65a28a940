import type { Datagrams, DatagramSocket } from '../../sw/engine/ports.ts';
import type { SimEndpoint, SimInternet } from './internet.ts';

type Received = (host: string, port: number, bytes: Uint8Array) => void;

/** How a host's line is for datagrams: ms one way, and the part of those it sends that get lost. */
export interface DatagramLine {
  readonly latency: number;
  readonly loss?: number;
}

/** The Datagrams port of one host, and what anything else of a simulation speaks UDP with. Groups reach the neighbours that joined. */
export class SimDatagrams implements Datagrams {
  private readonly bound = new Map<string, SimDatagramSocket>();
  private nextPort = 40_000;

  /** `random` decides what gets lost; `host6` is the host's IPv6 address, "" where it has none. */
  constructor(
    readonly internet: SimInternet,
    readonly host: string,
    readonly line: DatagramLine,
    readonly random: () => number,
    readonly host6 = '',
  ) {}

  bind(family: 4 | 6, port: number, bound: (port: number) => void, received: Received): DatagramSocket {
    const host = family === 4 ? this.host : this.host6;
    const key = (at: number): string => `${host} ${at}`;
    let at = port;
    while (at === 0 || (port === 0 && this.internet.datagrams.has(key(at)))) at = this.nextPort++;
    const isTaken = host === '' || this.internet.datagrams.has(key(at));
    const socket = new SimDatagramSocket(this, host, at, received, () => {
      this.internet.datagrams.delete(key(at));
      this.bound.delete(key(at));
    });
    if (isTaken) socket.end();
    else {
      this.bound.set(key(at), socket);
      this.internet.datagrams.set(key(at), socket);
    }
    this.internet.clock.after(0, () => bound(isTaken ? 0 : at));
    return socket;
  }

  lookup(host: string, _port: number, done: (problem: string, addresses: readonly string[]) => void): void {
    const isLiteral = /^[0-9.]+$|:/.test(host);
    const addresses = isLiteral ? [host] : (this.internet.names.get(host) ?? []);
    this.internet.clock.after(this.line.latency, () => done(addresses.length > 0 ? '' : 'The name is not known.', addresses));
  }

  /** The host loses its network. */
  drop(): void {
    for (const socket of [...this.bound.values()]) socket.close();
  }
}

/** One socket; what it is sent arrives as long as it is open. */
class SimDatagramSocket implements DatagramSocket, SimEndpoint {
  readonly groups = new Set<string>();
  private open = true;

  constructor(
    private readonly owner: SimDatagrams,
    readonly host: string,
    readonly port: number,
    private readonly received: Received,
    private readonly onClose: () => void,
  ) {}

  send(host: string, port: number, bytes: Uint8Array): void {
    const { internet, line, random } = this.owner;
    if (!this.open || host.includes(':') !== this.host.includes(':')) return;
    if (random() < (line.loss ?? 0)) return;
    const copy = bytes.slice();
    internet.clock.after(line.latency, () => {
      internet.datagrams.get(`${host} ${port}`)?.deliver(this.host, this.port, copy);
      for (const other of internet.datagrams.values()) {
        if (!other.groups.has(host) || other.port !== port) continue;
        // A group brings back what was sent to it.
        if (other === this || internet.neighbours(this.host, other.host)) other.deliver(this.host, this.port, copy);
      }
    });
  }

  join(group: string): void {
    this.groups.add(group);
  }

  utp(on: boolean): void {
    if (on && this.open) this.owner.internet.utp.set(this.host, this.port);
    else this.owner.internet.utp.delete(this.host);
  }

  close(): void {
    if (!this.open) return;
    this.utp(false);
    this.open = false;
    this.onClose();
  }

  /** Never was open: its port is another's. */
  end(): void {
    this.open = false;
  }

  deliver(host: string, port: number, bytes: Uint8Array): void {
    if (this.open) this.received(host, port, bytes);
  }
}
