import type { Loop } from './loop.ts';
import type { OwnEnd } from './own-end.ts';
import type { PortMapper } from './ports.ts';
import type { PortMappings, PortWish } from './events.ts';

/** The ports of ours that the router is asked to open, and where peers outside reach us because of it. */
export class PortMapping {
  /** What the router does; null while nobody was asked. */
  state: PortMappings | null = null;
  private wishes: readonly PortWish[] = [];

  constructor(
    private readonly mapper: PortMapper,
    private readonly loop: Loop,
    private readonly own: OwnEnd,
    /** The port that peers outside reach us at is another from now on. */
    private readonly moved: () => void,
  ) {}

  /** These are open, 0 where none is. `isOn`: the router is to be asked. */
  open(tcp: number, udp: number, isOn: boolean): void {
    const wishes: PortWish[] = [
      { protocol: 'tcp', port: tcp },
      { protocol: 'udp', port: udp },
    ];
    this.wishes = isOn ? wishes.filter(({ port }) => port > 0) : [];
    const { wishes: asked } = this;
    this.mapper.map(asked, state => {
      if (this.wishes === asked) this.loop.run(() => this.told(state));
    });
  }

  /** The ports are closed, as the connection to the host is gone. */
  close(): void {
    this.wishes = [];
    this.state = null;
  }

  /** Where peers outside reach a TCP port of ours: the port itself, where no router changes it. */
  outside(port: number): number {
    const found = this.state?.mappings.find(mapping => mapping.protocol === 'tcp' && mapping.port === port);
    return found && found.externalPort > 0 ? found.externalPort : port;
  }

  private told(state: PortMappings): void {
    const before = this.places();
    this.state = state;
    if (state.externalAddress !== '') this.own.seenAs('router', 'router', state.externalAddress);
    if (this.places() !== before) this.moved();
  }

  private places(): string {
    return this.wishes.map(({ port }) => this.outside(port)).join();
  }
}
