import { Dht } from './dht/dht.ts';
import type { Loop } from './loop.ts';
import type { OwnEnd } from './own-end.ts';
import type { Datagrams, DatagramSocket, Ports } from './ports.ts';
import { familyOf } from './codec/address.ts';
import type { Family } from './codec/address.ts';

type Lookup = (problem: string, addresses: readonly string[], now: number) => void;

/** Look-ups that wait for the sockets; each is a tracker's or the like, and asked again if it fails. */
const MAX_WAITING = 4096;
/** The first byte of a bencoded dictionary, by which DHT messages are told from those of trackers. */
const DICTIONARY = 0x64;

/** The key of the nodes in the state store. */
export const DHT_RECORD = 'dht';

interface Opening {
  readonly socket: DatagramSocket;
  /** −1 while it is being bound, 0 where it failed. */
  port: number;
}

/** The session's two UDP sockets, one a family, and who a datagram is for. */
export class UdpSockets {
  readonly dht: Dht;
  private sockets: Partial<Record<Family, Opening>> = {};
  private waiting: (() => void)[] = [];
  private settled: (port: number) => void = () => undefined;

  constructor(
    private readonly ports: Ports,
    private readonly loop: Loop,
    /** Hears what is no bencoded dictionary. */
    private readonly onTracker: (host: string, port: number, bytes: Uint8Array, now: number) => void,
    own: OwnEnd,
    /** Whether connections may go over them. */
    private readonly utp: () => boolean,
  ) {
    this.dht = new Dht({
      own,
      random: count => ports.random.bytes(count),
      send: (host, port, bytes) => this.send(host, port, bytes),
      resolve: (host, port, done) => this.lookup(host, port, (_problem, addresses) => done(addresses)),
      record: value =>
        ports.state.write([{ key: DHT_RECORD, value }], problem => {
          if (problem !== '') ports.log('warn', `the nodes of the DHT could not be recorded: ${problem}`);
        }),
    });
  }

  /** Binds both families, to this port where it is free; `settled` is told the one of IPv4, 0 where none was to be had. */
  open(port: number, settled: (port: number) => void): void {
    this.closeSockets();
    this.settled = settled;
    const { datagrams } = this.ports;
    if (datagrams) for (const family of [4, 6] as const) this.bind(datagrams, family, port);
  }

  /** Connections go over them as well, or not, as it is set now. */
  speakUtp(): void {
    for (const { socket, port } of Object.values(this.sockets)) if (port > 0) socket.utp(this.utp());
  }

  close(): void {
    this.closeSockets();
    this.waiting = [];
    this.dht.close();
  }

  /** Of the socket for IPv4; 0 while there is none. */
  get port(): number {
    return Math.max(0, this.sockets[4]?.port ?? 0);
  }

  /** Drops what no socket is there for. */
  send(host: string, port: number, bytes: Uint8Array): void {
    this.sockets[familyOf(host)]?.socket.send(host, port, bytes);
  }

  /** The addresses of a name that a socket is there for, IPv4 first, as soon as it is known which are. */
  lookup(host: string, port: number, done: Lookup): void {
    const ask = (): void =>
      this.resolve(host, port, (problem, addresses, now) => {
        if (problem !== '') return done(problem, [], now);
        const usable = ([4, 6] as const).flatMap(family =>
          this.has(family) ? addresses.filter(address => familyOf(address) === family) : [],
        );
        done(usable.length > 0 ? '' : 'No route to it over UDP.', usable, now);
      });
    if (this.isSettled) ask();
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(ask);
    else this.loop.run(() => done('Too many names are being looked up.', [], this.ports.clock.now()));
  }

  /** All addresses of a name that have a route. */
  resolve(host: string, port: number, done: Lookup): void {
    const told = (problem: string, addresses: readonly string[]): void =>
      this.loop.run(() => done(problem, addresses, this.ports.clock.now()));
    if (this.ports.datagrams) this.ports.datagrams.lookup(host, port, told);
    else told('There is no way to it.', []);
  }

  /** What waits for sockets waits on: it may have asked before there was a port to bind. */
  private closeSockets(): void {
    for (const { socket } of Object.values(this.sockets)) socket.close();
    this.sockets = {};
  }

  private get isSettled(): boolean {
    const { 4: four, 6: six } = this.sockets;
    return four !== undefined && six !== undefined && four.port >= 0 && six.port >= 0;
  }

  private has(family: Family): boolean {
    return (this.sockets[family]?.port ?? 0) > 0;
  }

  private bind(datagrams: Datagrams, family: Family, wished: number): void {
    const socket = datagrams.bind(
      family,
      wished,
      port => this.loop.run(() => this.bound(datagrams, family, opening, wished, port)),
      (host, port, bytes) =>
        this.loop.run(() => {
          const now = this.ports.clock.now();
          if (bytes[0] === DICTIONARY) this.dht.receive(family, host, port, bytes, now);
          else this.onTracker(host, port, bytes, now);
        }),
    );
    const opening: Opening = { socket, port: -1 };
    this.sockets[family] = opening;
  }

  private bound(datagrams: Datagrams, family: Family, opening: Opening, wished: number, port: number): void {
    if (this.sockets[family] !== opening) return;
    if (port === 0 && wished !== 0) {
      this.bind(datagrams, family, 0);
      return;
    }
    opening.port = port;
    if (port !== 0) {
      this.dht.open(family, port, this.ports.clock.now());
      if (this.utp()) opening.socket.utp(true);
    }
    if (!this.isSettled) return;
    if (!this.has(4) && !this.has(6)) this.ports.log('warn', 'no port could be opened for UDP');
    for (const ask of this.waiting.splice(0)) ask();
    this.settled(this.port);
  }
}
