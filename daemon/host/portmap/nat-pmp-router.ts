/** A router that speaks NAT-PMP (RFC 6886). */
import type { PortWish } from '../../wire/control.ts';
import { EpochWatch, Exchange } from './exchange.ts';
import {
  decodeAddress,
  decodeMapping,
  encodeAddressRequest,
  encodeMapRequest,
  type NatPmpAddress,
  type NatPmpMapping,
  natPmpText,
} from './nat-pmp-codec.ts';
import { PCP_PORT } from './pcp-router.ts';
import { checkedLease, type Lease, LEASE_SECONDS, type Network, type Router, RouterError } from './router.ts';

export class NatPmpRouter implements Router {
  readonly via = 'nat-pmp';
  private readonly exchange: Exchange;
  private readonly epochs = new EpochWatch();

  constructor(network: Network, port = PCP_PORT) {
    this.exchange = new Exchange(network.gateway, port, network.address);
  }

  async map(wish: PortWish, suggested: number): Promise<Lease> {
    const { address } = await this.askAddress();
    const { externalPort, lifetime } = await this.ask(wish, suggested, LEASE_SECONDS);
    return checkedLease(externalPort, address, lifetime);
  }

  async unmap(wish: PortWish): Promise<void> {
    await this.ask(wish, 0, 0);
  }

  async remembers(): Promise<boolean> {
    return this.epochs.goesOn((await this.askAddress()).epoch, performance.now());
  }

  close(): void {
    this.exchange.close();
  }

  private async askAddress(): Promise<NatPmpAddress> {
    return granted(await this.exchange.ask(encodeAddressRequest(), decodeAddress));
  }

  private async ask(wish: PortWish, suggested: number, lifetime: number): Promise<NatPmpMapping> {
    const request = encodeMapRequest(wish, suggested, lifetime);
    const answer = granted(await this.exchange.ask(request, bytes => decodeMapping(bytes, wish)));
    this.epochs.goesOn(answer.epoch, performance.now());
    return answer;
  }
}

function granted<T extends { readonly result: number }>(answer: T): T {
  if (answer.result !== 0) throw new RouterError('refused', natPmpText(answer.result));
  return answer;
}
