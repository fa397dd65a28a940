import type { Loop } from './loop.ts';
import type { OwnEnd } from './own-end.ts';
import type { Ports } from './ports.ts';
import type { Registry } from './registry.ts';
import type { Torrent } from './torrent.ts';
import type { PortMappings, PortWish } from './events.ts';

/** The ports of ours that the router is asked to open, and where peers outside reach us because of it. */
export class PortMapping {
  /** What the router does; null while nobody was asked. */
  state: PortMappings | null = null;
  private wishes: readonly PortWish[] = [];
  /** It is known which ports there are. */
  private isSettled = false;

  constructor(
    private readonly ports: Pick<Ports, 'portMapper' | 'clock'>,
    private readonly loop: Loop,
    private readonly own: OwnEnd,
    /** Their trackers are told where peers outside reach us. */
    private readonly torrents: Registry<Torrent>,
    /** The ports that are open, 0 where none is. */
    private readonly open: () => { readonly tcp: number; readonly udp: number },
  ) {}

  /** The ports are others, or the router is to be asked for them (`isOn`) or is not any more. */
  ask(isOn: boolean): void {
    this.isSettled = true;
    const { tcp, udp } = this.open();
    const wishes: PortWish[] = [
      { protocol: 'tcp', port: tcp },
      { protocol: 'udp', port: udp },
    ];
    this.wishes = isOn ? wishes.filter(({ port }) => port > 0) : [];
    const { wishes: asked } = this;
    this.ports.portMapper?.map(asked, state => {
      if (this.wishes === asked) this.loop.run(() => this.told(state));
    });
  }

  /** The ports are closed, as the connection to the host is gone. */
  close(): void {
    this.isSettled = false;
    this.wishes = [];
    this.state = null;
  }

  /** Where peers outside reach us: at our own TCP port, where no router changes it; 0 while they do not. */
  get port(): number {
    const port = this.open().tcp;
    const found = this.state?.mappings.find(mapping => mapping.protocol === 'tcp' && mapping.port === port);
    return found && found.externalPort > 0 ? found.externalPort : port;
  }

  /** Our own TCP port, 0 where none was to be had; null while that is not known. */
  get listenPort(): number | null {
    return this.isSettled ? this.open().tcp : null;
  }

  private told(state: PortMappings): void {
    const before = this.port;
    this.state = state;
    for (const address of [state.externalAddress, state.pinholes.address]) {
      if (address !== '') this.own.seenAs('router', 'router', address);
    }
    if (this.port === before) return;
    for (const torrent of this.torrents.values()) torrent.announcer.hurry(this.ports.clock.now());
  }
}
