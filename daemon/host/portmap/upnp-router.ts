/** A router that is a UPnP Internet Gateway Device, of either version. */
import { randomInt } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { PortWish } from '../../wire/control.ts';
import { readDescription, type Service, textOf, UpnpError } from './igd-codec.ts';
import { askOverHttp } from './igd-http.ts';
import { act, ActionError, type Arguments } from './igd-service.ts';
import { searchGateway, type SearchTo } from './igd-search.ts';
import { checkedLease, type Lease, LEASE_SECONDS, type Network, type Router, RouterError } from './router.ts';

/** Services that are asked whether they are the one that is connected. */
const MAX_SERVICES = 4;
/** Other external ports that are tried where the one wished for is taken, from this range. */
const OTHER_PORTS = 3;
const [FIRST_OTHER, LAST_OTHER] = [20_000, 60_000];
const DESCRIPTION = 'Starling';

interface Connection {
  readonly service: Service;
  /** Empty where it does not tell. */
  readonly address: string;
}

export class UpnpRouter implements Router {
  readonly via = 'upnp';
  private readonly network: Network;
  private readonly searchTo: SearchTo | undefined;
  private connection: Connection | null = null;
  private lease = LEASE_SECONDS;

  constructor(network: Network, searchTo?: SearchTo) {
    this.network = network;
    this.searchTo = searchTo;
  }

  async map(wish: PortWish, suggested: number): Promise<Lease> {
    const { service } = (this.connection ??= await this.connect());
    const externalPort = await this.mapFreePort(service, wish, suggested);
    const address = await this.addressOf(service);
    // What never ends of itself is asked for again all the same, as a restart of the router may end it.
    return checkedLease(externalPort, address, LEASE_SECONDS);
  }

  async unmap({ protocol }: PortWish, externalPort: number): Promise<void> {
    if (this.connection === null) return;
    await this.act(this.connection.service, 'DeletePortMapping', named(protocol, externalPort));
  }

  async remembers({ protocol, port }: PortWish, externalPort: number): Promise<boolean> {
    if (this.connection === null) return false;
    try {
      const { service } = this.connection;
      const entry = await this.act(service, 'GetSpecificPortMappingEntry', named(protocol, externalPort));
      return textOf(entry, 'NewInternalClient') === this.network.address && textOf(entry, 'NewInternalPort') === String(port);
    } catch (error) {
      if (error instanceof ActionError && error.code === UpnpError.NO_SUCH_ENTRY) return false;
      throw error;
    }
  }

  close(): void {
    this.connection = null;
  }

  /** The first service that tells an address, which is the one in use where there are several; else the first. */
  private async connect(): Promise<Connection> {
    const services: Service[] = [];
    for (const location of await searchGateway(this.network, this.searchTo)) {
      const { status, body } = await askOverHttp(location, this.network);
      if (status === 200) services.push(...readDescription(body, location));
    }
    const [first] = services;
    if (first === undefined) throw new RouterError('silent', 'It is no internet gateway.');
    for (const service of services.slice(0, MAX_SERVICES)) {
      const address = await this.addressOf(service);
      if (address !== '') return { service, address };
    }
    return { service: first, address: '' };
  }

  private async addressOf(service: Service): Promise<string> {
    try {
      const address = textOf(await this.act(service, 'GetExternalIPAddress', {}), 'NewExternalIPAddress') ?? '';
      return ipaddr.IPv4.isValidFourPartDecimal(address) && address !== '0.0.0.0' ? address : '';
    } catch (error) {
      if (error instanceof ActionError) return '';
      throw error;
    }
  }

  private async mapFreePort(service: Service, wish: PortWish, suggested: number): Promise<number> {
    try {
      await this.add(service, wish, suggested);
      return suggested;
    } catch (error) {
      if (!(error instanceof ActionError) || error.code !== UpnpError.CONFLICT) throw error;
    }
    for (let tries = 1; ; tries++) {
      const other = randomInt(FIRST_OTHER, LAST_OTHER);
      try {
        await this.add(service, wish, other);
        return other;
      } catch (error) {
        const isTaken = error instanceof ActionError && error.code === UpnpError.CONFLICT;
        if (!isTaken || tries === OTHER_PORTS) throw error;
      }
    }
  }

  private async add(service: Service, { protocol, port }: PortWish, externalPort: number): Promise<void> {
    const args = {
      ...named(protocol, externalPort),
      NewInternalPort: port,
      NewInternalClient: this.network.address,
      NewEnabled: 1,
      NewPortMappingDescription: DESCRIPTION,
    };
    try {
      await this.act(service, 'AddPortMapping', { ...args, NewLeaseDuration: this.lease });
    } catch (error) {
      if (!(error instanceof ActionError) || error.code !== UpnpError.ONLY_PERMANENT || this.lease === 0) throw error;
      await this.act(service, 'AddPortMapping', { ...args, NewLeaseDuration: 0 });
      this.lease = 0;
    }
  }

  private act(service: Service, action: string, args: Arguments): Promise<string> {
    return act(this.network, service, action, args);
  }
}

/** A mapping as the device knows it, for whoever comes from outside. */
function named(protocol: PortWish['protocol'], externalPort: number): Arguments {
  return { NewRemoteHost: '', NewExternalPort: externalPort, NewProtocol: protocol.toUpperCase() };
}
