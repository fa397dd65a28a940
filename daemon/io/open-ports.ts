/** The ports that peers reach us at from other computers; the host hears of them, as it may have the router pass them on. */

export type Protocol = 'tcp' | 'udp';

export class OpenPorts {
  /** They are others from now on. */
  onChange: () => void = () => undefined;
  /** How many sockets have each: one a family, where both have the same number. */
  readonly #open: Readonly<Record<Protocol, Map<number, number>>> = { tcp: new Map(), udp: new Map() };

  opened(protocol: Protocol, port: number): void {
    const sockets = this.#open[protocol].get(port) ?? 0;
    this.#open[protocol].set(port, sockets + 1);
    if (sockets === 0) this.onChange();
  }

  closed(protocol: Protocol, port: number): void {
    const sockets = this.#open[protocol].get(port) ?? 0;
    if (sockets > 1) this.#open[protocol].set(port, sockets - 1);
    else if (this.#open[protocol].delete(port)) this.onChange();
  }

  of(protocol: Protocol): readonly number[] {
    return [...this.#open[protocol].keys()];
  }
}
