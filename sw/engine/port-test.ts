import type { Incoming } from './incoming.ts';
import type { Loop } from './loop.ts';
import type { OwnEnd } from './own-end.ts';
import type { PortMapping } from './port-mapping.ts';
import type { Ports, Stream } from './ports.ts';
import { ipBytes } from './codec/address.ts';
import { encodeHandshake } from './codec/peer-wire.ts';
import { scopeOf } from './model/scope.ts';
import { toHex } from './model/ids.ts';

/** Ms that a way to ourselves may take. */
const TIMEOUT = 10_000;

/**
 * What came of it. `returned`: what was sent to our public address came in at our port. `lost`: it did not, which shows nothing, as many
 * routers let nobody out and in again. `no-address`: our public address, or our port, is not known.
 */
export type PortTestState = 'none' | 'running' | 'returned' | 'lost' | 'no-address';

/**
 * Whether our port is reached from outside, tried from inside: a connection to our own public address, which the router should bring
 * back to us. It begins as a peer's does, for a torrent that nobody has but this test.
 */
export class PortTest {
  state: PortTestState = 'none';
  /** Monotonic ms when that was so. */
  at = 0;
  private stream: Stream | null = null;

  constructor(
    private readonly ports: Pick<Ports, 'net' | 'clock' | 'random'>,
    private readonly loop: Loop,
    private readonly own: OwnEnd,
    private readonly mapping: PortMapping,
    private readonly incoming: Incoming,
  ) {}

  start(): void {
    if (this.state === 'running') return;
    const host = this.address();
    const { port } = this.mapping;
    if (host === null || port === 0) return this.is('no-address');
    this.is('running');
    const { random } = this.ports;
    const infoHash = random.bytes(20);
    this.incoming.expect(toHex(infoHash), () => this.end('returned'));
    const hello = encodeHandshake({ infoHash, peerId: random.bytes(20), extended: false, fast: false, dht: false, v2: false });
    const stream = this.ports.net.connect(
      host,
      port,
      {
        opened: () => stream.send(hello),
        received: () => undefined,
        landed: () => undefined,
        discarded: () => undefined,
        sent: () => undefined,
        closed: () => this.loop.run(() => this.end('lost')),
      },
      'tcp',
    );
    this.stream = stream;
  }

  tick(now: number): void {
    if (now - this.at >= TIMEOUT) this.end('lost');
  }

  /** The network is gone. */
  detach(): void {
    this.stream = null;
    if (this.state === 'running') this.is('none');
  }

  /** As those say who see us, or our router does. */
  private address(): string | null {
    const told = this.own.address(4) ?? (this.mapping.state?.externalAddress || this.own.address(6));
    const ip = told ? ipBytes(told) : null;
    return told && ip && scopeOf(ip) === 'public' ? told : null;
  }

  private end(state: PortTestState): void {
    if (this.state !== 'running') return;
    this.is(state);
    this.incoming.expect(null);
    this.stream?.close();
    this.stream = null;
  }

  private is(state: PortTestState): void {
    this.state = state;
    this.at = this.ports.clock.now();
  }
}
