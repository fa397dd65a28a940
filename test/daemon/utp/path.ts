/** Two hosts' uTP sockets and the path between them, on a virtual clock: it loses, delays, reorders, doubles, and has a narrow place. */
import { type Underlay, TICK, UtpSocket } from '../../../daemon/io/utp/socket.ts';
import type { UtpStream } from '../../../daemon/io/utp/stream.ts';
import { seeded, VirtualClock } from '../../sim/clock.ts';

export interface Way {
  /** Ms one way, and so much more by chance. */
  readonly delay?: number;
  readonly jitter?: number;
  /** The parts of all datagrams that get lost, or come twice. */
  readonly loss?: number;
  readonly twice?: number;
  /** Bytes a second through the narrow place, and bytes that wait before it; beyond, they are lost. */
  readonly rate?: number;
  readonly queue?: number;
}

export class Host {
  readonly utp: UtpSocket;
  readonly accepted: Flow[] = [];
  /** Datagrams that it sent. */
  sent = 0;
  /** Sees each datagram on its way to this host, and takes it where it says so. */
  filter: (datagram: Buffer) => boolean = () => false;
  readonly held = { bytes: 0, most: 64 << 20 };

  constructor(
    readonly clock: VirtualClock,
    readonly name: string,
    random: () => number,
    send: (datagram: Buffer, host: string) => void,
    offset = 0,
    family: 4 | 6 = 4,
  ) {
    const underlay: Underlay = {
      family,
      now: () => clock.time + offset,
      random: () => Math.floor(random() * 65_536),
      send: (datagram, _port, host) => {
        this.sent++;
        send(Buffer.from(datagram), host);
      },
      soon: run => void clock.after(0, run),
      permits: () => true,
      accept: stream => this.accepted.push(new Flow(stream)),
    };
    this.utp = new UtpSocket(underlay, this.held);
    const tick = (): void => {
      this.utp.tick();
      clock.after(TICK, tick);
    };
    tick();
  }

  connect(to: string): Flow {
    const stream = this.utp.connect(to, 6881);
    if (stream === null) throw new Error('no connection to be had');
    return new Flow(stream);
  }
}

/** What comes over one stream, and what became of it. */
export class Flow {
  bytes: Buffer[] = [];
  received = 0;
  isOpen = false;
  hasEnded = false;
  isClosed = false;
  problem = '';
  keeps = true;

  constructor(readonly stream: UtpStream) {
    const buffer = Buffer.alloc(64 * 1024);
    stream.reading = {
      buffer: () => buffer,
      callback: count => {
        if (this.keeps) this.bytes.push(Buffer.from(buffer.subarray(0, count)));
        this.received += count;
      },
    };
    stream.on('connect', () => (this.isOpen = true));
    stream.on('end', () => (this.hasEnded = true));
    stream.on('close', () => (this.isClosed = true));
    stream.on('error', (error: Error) => (this.problem = error.message));
    stream.resume();
  }

  get text(): Buffer {
    return Buffer.concat(this.bytes);
  }
}

export class Path {
  readonly clock = new VirtualClock();
  readonly random: () => number;
  readonly near: Host;
  readonly far: Host;
  /** Ms that the last datagram waited before the narrow place, by the host it goes to. */
  readonly waited = new Map<string, number>();
  private readonly free = new Map<string, number>();

  constructor(
    seed: number,
    public way: Way = {},
    /** How far the far clock is ahead, ms. */
    offset = 0,
  ) {
    this.random = seeded(seed);
    this.near = new Host(this.clock, 'near', this.random, (datagram, host) => this.carry(datagram, host));
    this.far = new Host(this.clock, 'far', this.random, (datagram, host) => this.carry(datagram, host), offset);
  }

  /** A connection from near to far, both ends of it. */
  join(): [Flow, Flow] {
    const near = this.near.connect('far');
    near.stream.write(Buffer.from('!'));
    if (!this.clock.run(60_000, () => this.far.accepted.length > 0 && near.isOpen)) throw new Error('never connected');
    const far = this.far.accepted[0] as Flow;
    this.clock.run(10_000, () => far.received === 1);
    far.bytes = [];
    far.received = 0;
    return [near, far];
  }

  carry(datagram: Buffer, to: string): void {
    const { delay = 10, jitter = 0, loss = 0, twice = 0, rate = Infinity, queue = Infinity } = this.way;
    if (this.random() < loss) return;
    const { time } = this.clock;
    const free = Math.max(time, this.free.get(to) ?? 0);
    if (((free - time) * rate) / 1000 > queue) return;
    this.waited.set(to, free - time);
    const through = free + (datagram.length * 1000) / rate;
    this.free.set(to, through);
    const [host, from] = to === 'near' ? [this.near, 'far'] : [this.far, 'near'];
    const deliver = (): void => {
      if (!host.filter(datagram)) host.utp.receive(Buffer.from(datagram), from, 6881);
    };
    for (let i = this.random() < twice ? 2 : 1; i > 0; i--) this.clock.at(through + delay + jitter * this.random(), deliver);
  }
}
