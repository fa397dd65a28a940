import { LocalDiscovery } from './lsd.ts';
import type { Loop } from './loop.ts';
import type { Datagrams, DatagramSocket, Ports } from './ports.ts';
import type { Family } from './codec/address.ts';
import { LSD_GROUPS, LSD_PORT } from './codec/lsd.ts';
import { toHex } from './model/ids.ts';

/** The two sockets of local discovery, one a family, at the port that all programs of a machine share for it. */
export class LsdSockets {
  readonly lsd: LocalDiscovery;
  private readonly sockets = new Map<Family, DatagramSocket>();

  constructor(
    private readonly ports: Ports,
    private readonly loop: Loop,
    /** Where we accept connections; 0 while there is none. */
    port: () => number,
  ) {
    this.lsd = new LocalDiscovery({
      cookie: toHex(ports.random.bytes(8)),
      port,
      send: (family, bytes) => this.sockets.get(family)?.send(LSD_GROUPS[family], LSD_PORT, bytes),
    });
  }

  /** Does nothing where they are open. */
  open(): void {
    const { datagrams } = this.ports;
    if (datagrams && this.sockets.size === 0) for (const family of [4, 6] as const) this.bind(datagrams, family);
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
    this.lsd.close();
  }

  private bind(datagrams: Datagrams, family: Family): void {
    const socket = datagrams.bind(
      family,
      LSD_PORT,
      port =>
        this.loop.run(() => {
          if (port === 0 || this.sockets.get(family) !== socket) return;
          socket.join(LSD_GROUPS[family]);
          this.lsd.open(family);
        }),
      (host, _port, bytes) => this.loop.run(() => this.lsd.receive(host, bytes, this.ports.clock.now())),
    );
    this.sockets.set(family, socket);
  }
}
