/**
 * Has the router pass ports on to us, by whichever protocol it speaks, for as long as they are wished for: asks again before
 * a lease ends, after a change of the network or a restart of the router, and gives them back at the end.
 *
 * What is asked of the router is asked in rounds, one at a time and at least {@link ROUND_GAP} apart.
 */
import type { PortMapping, PortProblem, PortWish, RouterState } from '../../wire/control.ts';
import { isPublic, type Lease, type Network, type Router, RouterError } from './router.ts';

export interface MapperOptions {
  readonly network: () => Promise<Network | null>;
  /** The same text as long as the network is the same; asked often. */
  readonly networksNow: () => string;
  /** How a router can be asked, the best way first. */
  readonly ways: readonly ((network: Network) => Router)[];
  readonly clock: MapperClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** `state` is another. */
  readonly changed: () => void;
  readonly log: (level: 'info' | 'warn', text: string) => void;
}

export interface MapperClock {
  /** Ms; jumps ahead when the computer was asleep. */
  wall(): number;
  /** Calls back once, unless it is called off. */
  after(ms: number, callback: () => void): () => void;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ROUND_GAP = 5 * SECOND;
/** How often the network is looked at (nothing is sent for that), and by how much such a look may be late. */
const LOOK_EVERY = 15 * SECOND;
const LATE = MINUTE;
/** How often a router is asked whether it remembers. */
const CHECK_EVERY = 5 * MINUTE;
const [FIRST_RETRY, LAST_RETRY] = [MINUTE, 60 * MINUTE];
/** Ms that giving back may take at the end. */
const STOP_WITHIN = 2 * SECOND;

const OFF: RouterState = { state: 'off', via: '', externalAddress: '', problem: '', mappings: [] };

interface Held {
  readonly wish: PortWish;
  readonly lease: Lease;
}

export class PortMapper {
  private readonly options: MapperOptions;
  private wishes: readonly PortWish[] = [];
  private current: RouterState = OFF;
  private network: Network | null = null;
  private router: Router | null = null;
  /** What the router was given to keep, by `keyOf`. */
  private readonly held = new Map<string, Held>();
  /** What was opened together, and the wall time until which it need not be asked for again: so many ms ahead. */
  private opened: { wishes: readonly PortWish[]; until: number; within: number } = { wishes: [], until: 0, within: 0 };
  private round: Promise<void> | null = null;
  private isWanted = false;
  private lastRound = -Infinity;
  private failures = 0;
  private isStopped = false;
  private callOffRound = (): void => undefined;
  private callOffLook = (): void => undefined;
  private seen = { networks: '', at: 0 };

  constructor(options: MapperOptions) {
    this.options = options;
  }

  get state(): RouterState {
    return this.current;
  }

  /** These, and no others, the first being what matters most. */
  want(wishes: readonly PortWish[]): void {
    if (this.isStopped || sameWishes(wishes, this.wishes)) return;
    this.wishes = wishes;
    this.failures = 0;
    this.callOffLook();
    if (wishes.length > 0) this.look();
    this.startSoon(wishes.length === 0 ? 0 : this.gap());
  }

  /** Gives everything back, as far as the router takes it in time. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.wishes = [];
    this.callOffLook();
    this.callOffRound();
    this.isStopped = true;
    const released = (async () => {
      await this.round;
      await this.release();
    })();
    let callOff = (): void => undefined;
    await Promise.race([released, new Promise<void>(resolve => (callOff = this.options.clock.after(STOP_WITHIN, resolve)))]);
    callOff();
    this.leave();
  }

  // The network, looked at from time to time

  private look(): void {
    const { clock, networksNow } = this.options;
    this.seen = { networks: networksNow(), at: clock.wall() };
    this.callOffLook = clock.after(LOOK_EVERY, () => {
      const isOther = networksNow() !== this.seen.networks || clock.wall() - this.seen.at > LOOK_EVERY + LATE;
      if (isOther) {
        this.options.log('info', 'the network may be another; ports are asked for anew');
        this.failures = 0;
        this.startSoon(this.gap());
      }
      this.look();
    });
  }

  // Rounds

  private gap(): number {
    const since = this.options.clock.wall() - this.lastRound;
    return since >= 0 && since < ROUND_GAP ? ROUND_GAP - since : 0;
  }

  private startSoon(ms: number): void {
    this.callOffRound();
    this.callOffRound = this.options.clock.after(ms, () => this.start());
  }

  private start(): void {
    if (this.isStopped) return;
    if (this.round !== null) {
      this.isWanted = true;
      return;
    }
    this.isWanted = false;
    this.lastRound = this.options.clock.wall();
    this.round = this.ask().then(next => {
      this.round = null;
      if (this.isStopped) return;
      if (this.isWanted) this.startSoon(this.wishes.length === 0 ? 0 : this.gap());
      else if (next !== null) this.startSoon(next);
    });
  }

  /** One round. Gives the ms to the next, null where none is needed. It never fails. */
  private async ask(): Promise<number | null> {
    const { wishes } = this;
    if (wishes.length === 0) {
      await this.release();
      this.leave();
      this.tell(OFF);
      return null;
    }
    const network = await this.options.network();
    if (network?.gateway !== this.network?.gateway || network?.address !== this.network?.address) this.leave();
    this.network = network;
    if (network === null) return this.failed('no-router', '');
    if (this.current.state !== 'open' || this.router === null) this.tell({ ...OFF, state: 'asking', mappings: closed(wishes) });
    await this.release(wishes);
    return (await this.check(wishes)) ?? (await this.renew(wishes)) ?? (await this.find(network, wishes));
  }

  /** Whether all is as it was; null where the router has to be asked for it again. */
  private async check(wishes: readonly PortWish[]): Promise<number | null> {
    const { opened, router } = this;
    const [wish] = wishes;
    const held = wish && this.held.get(keyOf(wish));
    if (router === null || held === undefined || opened.wishes !== wishes) return null;
    const left = opened.until - this.options.clock.wall();
    if (left <= 0 || left > opened.within) return null;
    const remembers = await router.remembers(held.wish, held.lease.externalPort).catch(() => false);
    if (!remembers) this.options.log('info', 'the router has forgotten the ports, or is silent');
    return remembers ? Math.min(CHECK_EVERY, left) : null;
  }

  /** By the way that worked before; null where it does not any more. */
  private async renew(wishes: readonly PortWish[]): Promise<number | null> {
    if (this.router === null) return null;
    try {
      return await this.open(this.router, wishes);
    } catch (error) {
      this.options.log('info', `the router no longer answers by ${this.router.via}: ${messageOf(error)}`);
      this.leave();
      return null;
    }
  }

  private async find(network: Network, wishes: readonly PortWish[]): Promise<number> {
    let refusal = '';
    for (const way of this.options.ways) {
      const router = way(network);
      try {
        return await this.open(router, wishes);
      } catch (error) {
        router.close();
        if (error instanceof RouterError && error.kind === 'refused') refusal = `${router.via}: ${error.message}`;
        this.options.log('info', `no port by ${router.via}: ${messageOf(error)}`);
      }
      if (this.isStopped) break;
    }
    if (refusal !== '') return this.failed('refused', refusal);
    return this.failed(isPublic(network.address) ? 'public-address' : 'no-answer', '');
  }

  /** @throws {RouterError} where not even the first is to be had */
  private async open(router: Router, wishes: readonly PortWish[]): Promise<number> {
    const mappings: PortMapping[] = [];
    let externalAddress = '';
    let lifetime = Infinity;
    let first: Held | null = null;
    for (const wish of wishes) {
      const before = this.held.get(keyOf(wish))?.lease.externalPort;
      const alike = first?.wish.port === wish.port ? first.lease.externalPort : wish.port;
      try {
        const lease = await router.map(wish, before ?? alike);
        this.router = router;
        const held = { wish, lease };
        this.held.set(keyOf(wish), held);
        first ??= held;
        lifetime = Math.min(lifetime, lease.lifetime);
        externalAddress ||= lease.externalAddress;
        mappings.push({ ...wish, externalPort: lease.externalPort });
      } catch (error) {
        if (first === null) throw error;
        mappings.push({ ...wish, externalPort: 0 });
        this.options.log('warn', `port ${wish.port} (${wish.protocol}) is not to be had: ${messageOf(error)}`);
      }
    }
    this.failures = 0;
    const problem = externalAddress !== '' && !isPublic(externalAddress) ? 'double-nat' : '';
    this.tell({ state: 'open', via: router.via, externalAddress, problem, mappings });
    // Where within the lease is drawn, so that not every computer of a house asks at once.
    const within = lifetime * SECOND * (1 / 2 + this.options.random() / 8);
    this.opened = { wishes, until: this.options.clock.wall() + within, within };
    return Math.min(CHECK_EVERY, within);
  }

  private failed(problem: PortProblem, detail: string): number {
    this.leave();
    this.tell({ ...OFF, state: 'failed', problem, mappings: closed(this.wishes) });
    if (detail !== '') this.options.log('info', `the router opens no port: ${detail}`);
    const wait = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.failures++);
    return wait * (3 / 4 + this.options.random() / 4);
  }

  /** Gives back what is not wished for any more. */
  private async release(wishes: readonly PortWish[] = []): Promise<void> {
    const kept = new Set(wishes.map(keyOf));
    for (const [key, { wish, lease }] of [...this.held]) {
      if (kept.has(key)) continue;
      this.held.delete(key);
      try {
        await this.router?.unmap(wish, lease.externalPort);
      } catch (error) {
        this.options.log('info', `port ${wish.port} (${wish.protocol}) could not be given back: ${messageOf(error)}`);
      }
    }
  }

  /** The router is out of reach, or of no use any more. What it holds ends with its lease. */
  private leave(): void {
    this.router?.close();
    this.router = null;
    this.held.clear();
  }

  private tell(state: RouterState): void {
    if (JSON.stringify(state) === JSON.stringify(this.current)) return;
    const { mappings, via } = state;
    const open = mappings.map(({ protocol, port, externalPort }) => `${port} as ${externalPort} (${protocol})`).join(', ');
    if (state.state === 'open') this.options.log('info', `the router passes on by ${via}: ${open}`);
    this.current = state;
    this.options.changed();
  }
}

function keyOf({ protocol, port }: PortWish): string {
  return `${protocol} ${port}`;
}

function closed(wishes: readonly PortWish[]): PortMapping[] {
  return wishes.map(wish => ({ ...wish, externalPort: 0 }));
}

function sameWishes(some: readonly PortWish[], others: readonly PortWish[]): boolean {
  return some.length === others.length && some.map(keyOf).join() === others.map(keyOf).join();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
