/** Which address of this machine is used: where peers reach it, and where it goes out from. */
import ipaddr from 'ipaddr.js';

export class OwnAddress {
  /** An IP literal; empty where all of them are used. */
  readonly host: string;
  readonly #family: 4 | 6 | null;

  /** @throws {Error} where it is neither empty nor an IP literal */
  constructor(host: string) {
    const family = ipaddr.IPv4.isValidFourPartDecimal(host) ? 4 : ipaddr.IPv6.isValid(host) ? 6 : null;
    if (host !== '' && family === null) throw new Error('an address of this machine is an IP literal');
    this.host = host;
    this.#family = family;
  }

  /** Whether anything of that family can be reached from it. */
  speaks(family: 4 | 6): boolean {
    return this.#family === null || this.#family === family;
  }

  /** What a connection that goes out is told of it; nothing where the system chooses. */
  get local(): { readonly localAddress?: string } {
    return this.host === '' ? {} : { localAddress: this.host };
  }
}
