/** A UPnP gateway whose IPv6 firewall lets peers through to us (WANIPv6FirewallControl:1, of IGD 2). It is asked over IPv6, as it asks who is asking. */
import type { PortWish } from '../../wire/control.ts';
import { PINHOLES, readDescription, type Service, textOf, UpnpError } from './igd-codec.ts';
import { askOverHttp } from './igd-http.ts';
import { searchGateway, type SearchTo } from './igd-search.ts';
import { act, ActionError } from './igd-service.ts';
import { checkedLease, type Lease, LEASE_SECONDS, type Network, type Router, RouterError } from './router.ts';

const PROTOCOL = { tcp: 6, udp: 17 } as const;

export class PinholeRouter implements Router {
  readonly via = 'upnp';
  private readonly network: Network;
  private readonly searchTo: SearchTo | undefined;
  private service: Service | null = null;
  /** What it calls the pinholes that it made for us. */
  private readonly ids = new Map<string, string>();

  constructor(network: Network, searchTo?: SearchTo) {
    this.network = network;
    this.searchTo = searchTo;
  }

  async map(wish: PortWish): Promise<Lease> {
    const service = (this.service ??= await this.connect());
    const { address } = this.network;
    const lease = checkedLease(wish.port, address, LEASE_SECONDS);
    if (await this.remembers(wish)) return lease;
    const { protocol, port } = wish;
    const client = { RemoteHost: '', RemotePort: 0, InternalClient: address, InternalPort: port };
    const args = { ...client, Protocol: PROTOCOL[protocol], LeaseTime: LEASE_SECONDS };
    const id = textOf(await act(this.network, service, 'AddPinhole', args), 'UniqueID');
    if (id === null || !/^\d{1,5}$/.test(id)) throw new RouterError('refused', 'It granted nothing.');
    this.ids.set(keyOf(wish), id);
    return lease;
  }

  async unmap(wish: PortWish): Promise<void> {
    const id = this.ids.get(keyOf(wish));
    this.ids.delete(keyOf(wish));
    if (this.service !== null && id !== undefined) await act(this.network, this.service, 'DeletePinhole', { UniqueID: id });
  }

  /** To ask is to prolong. */
  async remembers(wish: PortWish): Promise<boolean> {
    const id = this.ids.get(keyOf(wish));
    if (this.service === null || id === undefined) return false;
    try {
      await act(this.network, this.service, 'UpdatePinhole', { UniqueID: id, NewLeaseTime: LEASE_SECONDS });
      return true;
    } catch (error) {
      if (!(error instanceof ActionError) || error.code !== UpnpError.NO_SUCH_PINHOLE) throw error;
      this.ids.delete(keyOf(wish));
      return false;
    }
  }

  close(): void {
    this.service = null;
    this.ids.clear();
  }

  private async connect(): Promise<Service> {
    for (const location of await searchGateway(this.network, this.searchTo)) {
      const { status, body } = await askOverHttp(location, this.network);
      const [service] = status === 200 ? readDescription(body, location, [PINHOLES]) : [];
      if (service !== undefined) return service;
    }
    throw new RouterError('silent', 'It has no firewall for IPv6 that can be asked.');
  }
}

function keyOf({ protocol, port }: PortWish): string {
  return `${protocol} ${port}`;
}
