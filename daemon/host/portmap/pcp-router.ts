/** A router that speaks the Port Control Protocol (RFC 6887). */
import { createHmac } from 'node:crypto';
import type { PortWish } from '../../wire/control.ts';
import { EpochWatch, Exchange } from './exchange.ts';
import {
  decodeAnswer,
  decodeMap,
  encodeAnnounce,
  encodeMap,
  isOtherVersion,
  NONCE_BYTES,
  type PcpMapAnswer,
  PcpResult,
  pcpText,
} from './pcp-codec.ts';
import { checkedLease, type Lease, LEASE_SECONDS, type Network, type Router, RouterError } from './router.ts';

export const PCP_PORT = 5351;

interface Answer {
  readonly result: number;
  readonly granted: PcpMapAnswer | null;
}

export class PcpRouter implements Router {
  readonly via = 'pcp';
  private readonly network: Network;
  private readonly secret: string;
  private readonly exchange: Exchange;
  private readonly epochs = new EpochWatch();

  /** `secret`: only who knows it can end or prolong what is opened; the same again after a restart, so that we can. */
  constructor(network: Network, secret: string, port = PCP_PORT) {
    this.network = network;
    this.secret = secret;
    this.exchange = new Exchange(network.gateway, port, network.address);
  }

  async map(wish: PortWish, suggested: number): Promise<Lease> {
    const answer = await this.ask(wish, suggested, LEASE_SECONDS);
    return checkedLease(answer.externalPort, answer.externalAddress, answer.lifetime);
  }

  async unmap(wish: PortWish): Promise<void> {
    await this.ask(wish, 0, 0);
  }

  async remembers(): Promise<boolean> {
    const answer = await this.exchange.ask(encodeAnnounce(this.network.address), decodeAnswer);
    return this.epochs.goesOn(answer.epoch, performance.now());
  }

  close(): void {
    this.exchange.close();
  }

  private async ask(wish: PortWish, suggestedPort: number, lifetime: number): Promise<PcpMapAnswer> {
    const { address } = this.network;
    const request = { ...wish, nonce: this.nonceOf(wish), client: address, suggestedPort, lifetime };
    const answer = await this.exchange.ask<Answer>(encodeMap(request), bytes => {
      if (isOtherVersion(bytes)) return { result: PcpResult.UNSUPPORTED_VERSION, granted: null };
      const granted = decodeMap(bytes, request);
      // A refusal may come without what was asked for; a success may not.
      const { result } = granted ?? decodeAnswer(bytes) ?? { result: PcpResult.SUCCESS };
      return granted !== null || result !== PcpResult.SUCCESS ? { result, granted } : null;
    });
    const { result, granted } = answer;
    if (result === PcpResult.UNSUPPORTED_VERSION) throw new RouterError('silent', pcpText(result));
    if (result !== PcpResult.SUCCESS || granted === null) throw new RouterError('refused', pcpText(result));
    this.epochs.goesOn(granted.epoch, performance.now());
    return granted;
  }

  private nonceOf({ protocol, port }: PortWish): Uint8Array {
    const about = `${this.network.gateway} ${this.network.address} ${protocol} ${port}`;
    return createHmac('sha256', this.secret).update(about).digest().subarray(0, NONCE_BYTES);
  }
}
