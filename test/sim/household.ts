/** A browser that has torrents by itself, the helper's engine beside it in the same worker, and what moves between the two. */
import { expect } from 'vitest';
import { MovingIn } from '../../sw/moving-in.ts';
import type { Giver, Taker } from '../../sw/delivery.ts';
import type { Wishes } from '../../sw/moving-in.ts';
import type { RootRow } from '../../sw/view-model.ts';
import { sentenceOf } from '../../sw/said.ts';
import { leechOn, makeTorrent, ROOT, World } from './host.ts';
import type { SimHost } from './host.ts';
import { SimServer, withSeeds } from './web.ts';

export const DISK = 'disk';
export const SIZES = { 'a/one': 900_000, two: 400_000, 'a/b/three': 1_300_000, empty: 0 };
const PIECE = 65_536;
/** What is in the making when a torrent begins to move comes again: of one web seed a few pieces. */
export const IN_THE_MAKING = 600_000;

export class Household {
  readonly world: World;
  readonly torrent: ReturnType<typeof makeTorrent>;
  readonly server: SimServer;
  readonly browser: SimHost;
  readonly helper: SimHost;
  readonly said: string[] = [];
  root: RootRow = { token: DISK, name: 'Downloads', free: 50e9, isDefault: true, trash: false, problem: '' };
  /** The helper's engine is here. */
  isHere = true;
  /** Reads of the browser's files under way, and the most there were. */
  private reads = 0;
  mostReads = 0;
  /** Somebody saves its files from the browser. */
  isRead = false;
  /** What is kept of what a person wants moved. */
  wishes: Wishes = [];
  /** Whoever reads the browser's files hears nothing. */
  isSilent = false;
  /** No helper is found. */
  isAway = false;
  turns = 0;
  /** The browser that the worker is of. */
  giving: SimHost;
  movingIn: MovingIn;
  private life = 0;

  constructor(seed: number, sizes: Readonly<Record<string, number>> = SIZES, piece = PIECE) {
    this.world = new World(seed);
    this.torrent = withSeeds(makeTorrent(sizes, piece, seed), ['http://web.example/f/']);
    const files = [...this.torrent.contents].map(([path, bytes]) => [`/f/${path}`, bytes] as const);
    this.server = new SimServer(new Map(files), 1e6);
    this.world.web.set('web.example', this.server);
    this.browser = this.world.browser('10.0.0.2');
    this.helper = this.world.host('10.0.0.3');
    this.giving = this.browser;
    this.movingIn = this.begin();
  }

  /** Has so many bytes come to the browser, by itself. */
  downloads(bytes: number): void {
    leechOn(this.browser, this.torrent);
    expect(this.world.clock.run(120_000, () => this.done(this.browser) >= bytes)).toBe(true);
  }

  done(host: SimHost): number {
    return host.session.rows()[0]?.done ?? 0;
  }

  move(): void {
    this.movingIn.move(this.browser.session.rows(), DISK);
  }

  /** The worker is ended and another one starts; with `handsOver` the helper's own engine is at work in between. */
  restart(handsOver = 0): void {
    this.life += 1;
    this.helper.restart();
    this.browser.session.detach();
    this.world.clock.run(handsOver);
    if (handsOver > 0) this.helper.restart();
    this.browser.restart();
    this.movingIn = this.begin();
  }

  until(what: () => boolean, ms = 120_000): void {
    expect(this.world.clock.run(ms, what)).toBe(true);
  }

  readonly hasMoved = (): boolean => this.browser.session.rows().length === 0;

  /** All of it is on the disk, to the byte, nothing in the browser, and nothing was asked for twice. */
  expectMoved(sent = this.torrent.size): void {
    this.world.clock.run(1_000);
    for (const [path, content] of this.torrent.contents) {
      const file = this.helper.disk.files.get(`${DISK}/${path}`);
      expect(Buffer.compare(file?.bytes.subarray(0, file.size) ?? new Uint8Array(1), content), path).toBe(0);
    }
    expect(this.browser.session.rows()).toEqual([]);
    expect([...this.browser.disk.files.keys()]).toEqual([]);
    expect([...this.browser.records.keys()].filter(key => key.includes(this.torrent.id))).toEqual([]);
    expect(this.server.sent).toBeLessThanOrEqual(sent);
    expect(this.helper.session.rows()).toMatchObject([{ state: 'seeding', root: DISK, problem: null }]);
  }

  private begin(): MovingIn {
    const { life, helper } = this;
    const giverOf = (browser: SimHost): Giver => ({
      engine: browser.session,
      read: (spans, done) => {
        if (this.isSilent) return;
        this.reads += 1;
        this.mostReads = Math.max(this.mostReads, this.reads);
        this.world.clock.after(1, () => {
          this.reads -= 1;
          const bytes = browser.disk.reading ? null : browser.store.read(spans);
          done(bytes ? null : (browser.disk.reading ?? 'gone'), bytes ?? new Uint8Array(0));
        });
      },
    });
    const givers = new Map<SimHost, Giver>();
    const giver = (): Giver => {
      const { giving } = this;
      if (givers.get(giving)?.engine !== giving.session) givers.set(giving, giverOf(giving));
      return givers.get(giving)!;
    };
    const taker = helper.session as unknown as Taker;
    return new MovingIn({
      giver,
      taker: () => (this.isHere ? taker : null),
      isTheirs: id => helper.session.has(id),
      isAway: () => this.isAway,
      wishes: { load: () => Promise.resolve(this.wishes), keep: wishes => (this.wishes = wishes) },
      turned: () => (this.turns += 1),
      settings: () => (this.isHere ? helper.session.settings : null),
      isRead: () => this.isRead,
      rows: () => helper.session.rows(),
      roots: () => [this.root],
      after: (ms, callback) =>
        this.world.clock.after(ms, () => {
          if (this.life === life) callback();
        }),
      told: said => this.said.push(sentenceOf(said)),
    });
  }
}

export function half(seed: number): Household {
  const house = new Household(seed);
  house.downloads(1_300_000);
  return house;
}

/** So many bytes of it have come. */
export function isMoving({ helper }: Household, moved: number): boolean {
  const problem = helper.session.rows()[0]?.problem;
  return problem?.code === 'bringing' && problem.moved >= moved;
}

export { ROOT };
