/**
 * Which ports the router is asked for: those that the engine wishes for and that the io-daemon has open, so that nobody can
 * have another program's port opened to the world. They stay for a while when the engine goes, as it is ended at any moment.
 */
import type { Pinholes, PortMappings, PortWish, RouterState } from '../../wire/control.ts';
import type { OpenPorts } from '../process/supervisor.ts';
import { NatPmpRouter } from './nat-pmp-router.ts';
import { findNetwork, networksNow } from './network.ts';
import { findNetwork6 } from './network6.ts';
import { type MapperClock, PortMapper } from './mapper.ts';
import { PcpRouter } from './pcp-router.ts';
import { PinholeRouter } from './pinhole-router.ts';
import type { Network, Router } from './router.ts';
import { UpnpRouter } from './upnp-router.ts';

/** Ms that an engine, or the sockets that went with it, may be away before the ports are given back. */
const AWAY = 60_000;

/** A mapper, as far as it is used here. */
export type Mapper = Pick<PortMapper, 'state' | 'want' | 'stop'>;

/** Of IPv4, where ports are mapped, and of IPv6, where the firewall is asked to let peers through. */
export interface Mappers {
  readonly four: Mapper;
  readonly six: Mapper;
}

const NO_PINHOLES: Pinholes = { state: 'none', via: '', address: '' };

export class RouterPorts {
  private readonly mappers: Mappers | null;
  private readonly after: MapperClock['after'];
  private wishes: readonly PortWish[] = [];
  private open: OpenPorts = { tcp: [], udp: [] };
  /** What the mapper is to have open. */
  private told: readonly PortWish[] = [];
  private callOff = (): void => undefined;
  private callOffLoss: (() => void) | null = null;
  private isStopped = false;

  /** `mappers`: null where the owner of this computer does not allow any. */
  constructor(mappers: Mappers | null, after: MapperClock['after']) {
    this.mappers = mappers;
    this.after = after;
  }

  get state(): PortMappings {
    if (this.mappers !== null) return { ...this.mappers.four.state, pinholes: pinholesOf(this.mappers.six.state) };
    const isWished = this.wishes.length > 0;
    return {
      state: isWished ? 'failed' : 'off',
      via: '',
      externalAddress: '',
      problem: isWished ? 'forbidden' : '',
      mappings: [],
      pinholes: NO_PINHOLES,
    };
  }

  /** An engine is there and wishes for these, and no others. */
  want(wishes: readonly PortWish[]): void {
    this.callOff();
    this.wishes = wishes;
    this.tell();
  }

  /** The io-daemon has these open. */
  opened(open: OpenPorts): void {
    this.open = open;
    this.tell();
  }

  /** The engine is gone, and may be back. */
  leave(): void {
    this.callOff();
    if (this.isStopped) return;
    this.callOff = this.after(AWAY, () => this.want([]));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.callOff();
    this.callOffLoss?.();
    await Promise.all([this.mappers?.four.stop(), this.mappers?.six.stop()]);
  }

  /** Sockets end with the engine's connection, and are there again when it is back: until then their ports are kept. */
  private tell(): void {
    if (this.isStopped) return;
    const isOpen = ({ protocol, port }: PortWish): boolean => this.open[protocol].includes(port);
    const isTold = (wish: PortWish): boolean =>
      this.told.some(({ protocol, port }) => protocol === wish.protocol && port === wish.port);
    this.told = this.wishes.filter(wish => isOpen(wish) || isTold(wish));
    if (this.told.every(isOpen)) {
      this.callOffLoss?.();
      this.callOffLoss = null;
    } else {
      this.callOffLoss ??= this.after(AWAY, () => {
        this.callOffLoss = null;
        this.told = this.told.filter(isOpen);
        this.tell();
      });
    }
    this.mappers?.four.want(this.told);
    this.mappers?.six.want(this.told);
  }
}

export const systemClock: MapperClock = {
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Those that ask the router of this network. `secret` is the same after every start. */
export function systemMappers(secret: string, changed: () => void, log: (level: 'info' | 'warn', text: string) => void): Mappers {
  const shared = { networksNow, clock: systemClock, random: Math.random, changed, log };
  const pcp = (network: Network): Router => new PcpRouter(network, secret);
  return {
    four: new PortMapper({
      ...shared,
      network: findNetwork,
      ways: [pcp, network => new NatPmpRouter(network), network => new UpnpRouter(network)],
    }),
    six: new PortMapper({
      ...shared,
      log: (level, text) => log(level, `IPv6: ${text}`),
      network: findNetwork6,
      ways: [pcp, network => new PinholeRouter(network)],
    }),
  };
}

/** A computer without an address of IPv6 that the internet reaches has nothing to ask for. */
function pinholesOf({ state, via, externalAddress, problem }: RouterState): Pinholes {
  if (state === 'off' || problem === 'no-router') return NO_PINHOLES;
  return { state, via: via === 'nat-pmp' ? '' : via, address: externalAddress };
}
