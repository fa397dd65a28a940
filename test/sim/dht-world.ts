import { Dht } from '../../sw/engine/dht/dht.ts';
import type { Family, PeerAddress } from '../../sw/engine/codec/address.ts';
import { OwnEnd } from '../../sw/engine/own-end.ts';
import { seeded, VirtualClock } from './clock.ts';

const TICK = 1000;
const PORT = 6881;

/** An internet of DHT nodes, by address, with latency and loss. */
export class DhtWorld {
  readonly clock = new VirtualClock();
  readonly hosts = new Map<string, SimNode>();
  readonly random: () => number;
  loss = 0;
  datagrams = 0;

  constructor(readonly seed: number) {
    this.random = seeded(seed);
  }

  node(index: number, family: Family = 4, record: Uint8Array | null = null): SimNode {
    const host = family === 4 ? `20.${index >> 8}.${index & 255}.7` : `2a00:${index.toString(16)}::7`;
    return new SimNode(this, host, family, record);
  }

  /** `count` nodes that join one after another, each by way of three that are there. */
  grow(count: number, family: Family = 4): SimNode[] {
    const nodes: SimNode[] = [];
    for (let index = 1; index <= count; index++) {
      const node = this.node(index, family);
      for (let count = 0; count < 3; count++) {
        const via = nodes[Math.floor(this.random() * nodes.length)];
        if (via) node.dht.contact(via.host, PORT, this.clock.time);
      }
      nodes.push(node);
      this.clock.run(200);
    }
    this.clock.run(60_000);
    return nodes;
  }

  deliver(from: string, to: string, family: Family, bytes: Uint8Array): void {
    this.datagrams += 1;
    if (this.random() < this.loss) return;
    this.clock.after(10 + this.random() * 150, () => this.hosts.get(to)?.receive(from, family, bytes));
  }
}

export class SimNode {
  readonly dht: Dht;
  record: Uint8Array | null = null;
  readonly found = new Set<string>();
  isUp = true;
  private listenPort = 0;

  constructor(
    readonly world: DhtWorld,
    readonly host: string,
    readonly family: Family,
    record: Uint8Array | null,
  ) {
    this.dht = new Dht({
      random: count => Uint8Array.from({ length: count }, () => Math.floor(world.random() * 256)),
      send: (to, _port, bytes) => {
        if (this.isUp) world.deliver(host, to, family, bytes.slice());
      },
      resolve: (_host, _port, done) => done([]),
      record: bytes => (this.record = bytes),
      own: new OwnEnd(
        () => this.listenPort,
        of => this.dht.moved(of, world.clock.time),
      ),
    });
    if (record) this.dht.restore(record);
    this.dht.open(family, PORT, world.clock.time);
    world.hosts.set(host, this);
    this.tick();
  }

  get nodes(): number {
    return this.dht.status('').nodes;
  }

  receive(from: string, family: Family, bytes: Uint8Array): void {
    if (this.isUp) this.dht.receive(family, from, PORT, bytes, this.world.clock.time);
  }

  follow(id: string, port: number, isComplete = false): void {
    this.listenPort = port;
    const foundPeers = (peers: readonly PeerAddress[]): void => {
      for (const peer of peers) this.found.add(`${peer.host} ${peer.port}`);
    };
    this.dht.follow({ id, isComplete, connected: 0, listenPort: port, foundPeers }, this.world.clock.time);
  }

  /** Gone without a word. */
  leave(): void {
    this.isUp = false;
    this.world.hosts.delete(this.host);
  }

  private tick(): void {
    if (!this.isUp) return;
    this.dht.tick(this.world.clock.time);
    this.world.clock.after(TICK, () => this.tick());
  }
}
