/**
 * Which ports the router is asked for: those that the engine wishes for and that the io-daemon has open, so that nobody can
 * have another program's port opened to the world. They stay for a while when the engine goes, as it is ended at any moment.
 */
import { type PortMappings, type PortWish } from '../../wire/control.ts';
import type { OpenPorts } from '../supervisor.ts';
import { NatPmpRouter } from './nat-pmp-router.ts';
import { findNetwork, networksNow } from './network.ts';
import { type MapperClock, PortMapper } from './mapper.ts';
import { PcpRouter } from './pcp-router.ts';
import { UpnpRouter } from './upnp-router.ts';

/** Ms that an engine, or the sockets that went with it, may be away before the ports are given back. */
const AWAY = 60_000;

/** A mapper, as far as it is used here. */
export type Mapper = Pick<PortMapper, 'state' | 'want' | 'stop'>;

export class RouterPorts {
  private readonly mapper: Mapper | null;
  private readonly after: MapperClock['after'];
  private wishes: readonly PortWish[] = [];
  private open: OpenPorts = { tcp: [], udp: [] };
  /** What the mapper is to have open. */
  private told: readonly PortWish[] = [];
  private callOff = (): void => undefined;
  private callOffLoss: (() => void) | null = null;
  private isStopped = false;

  /** `mapper`: null where the owner of this computer does not allow any. */
  constructor(mapper: Mapper | null, after: MapperClock['after']) {
    this.mapper = mapper;
    this.after = after;
  }

  get state(): PortMappings {
    if (this.mapper !== null) return this.mapper.state;
    const isWished = this.wishes.length > 0;
    return {
      state: isWished ? 'failed' : 'off',
      via: '',
      externalAddress: '',
      problem: isWished ? 'forbidden' : '',
      mappings: [],
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
    await this.mapper?.stop();
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
    this.mapper?.want(this.told);
  }
}

export const systemClock: MapperClock = {
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** One that asks the router of this network. `secret` is the same after every start. */
export function systemMapper(
  secret: string,
  changed: () => void,
  log: (level: 'info' | 'warn', text: string) => void,
): PortMapper {
  return new PortMapper({
    network: findNetwork,
    networksNow,
    ways: [network => new PcpRouter(network, secret), network => new NatPmpRouter(network), network => new UpnpRouter(network)],
    clock: systemClock,
    random: Math.random,
    changed,
    log,
  });
}
