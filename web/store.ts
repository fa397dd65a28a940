import { batch, computed, effect, signal, type Signal } from '@preact/signals';
import type { FromWorker } from '../sw/api.ts';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { Connection, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from '../sw/view-model.ts';
import type { LinkState } from './client.ts';
import { isUnfinishedHere, type Unfinished } from './closing.ts';
import { bucketOf, compareWords, matches, NEWEST_FIRST, samePlace, sortRows, type Filter, type Sort } from './list.ts';

export type Counts = Readonly<Record<Filter, number>>;

/** Which part of the app is open. */
export type Page = 'torrents' | 'activity' | 'settings';
/** The parts of a torrent's details. */
export const TABS = ['general', 'files', 'peers', 'trackers'] as const;
export type Tab = (typeof TABS)[number];

/** How a page holds torrents in memory. */
export interface Memory {
  /** Bytes that it takes for the files that are wanted, of all with these sizes. */
  readonly heldBytes: (sizes: readonly number[], pieceLength: number, isWanted: (file: number) => boolean) => number;
  /** What to say of so many bytes where `free` are left. */
  readonly tooLarge: (needed: number, free: number) => string;
}

const NO_COUNTS: Counts = { all: 0, downloading: 0, seeding: 0, done: 0, attention: 0 };
const NOT_YET: Connection = {
  state: 'connecting',
  everConnected: true,
  superseded: false,
  following: null,
  outdated: null,
  gaveUp: false,
  version: '',
  ports: null,
  host: null,
  browser: null,
};

/**
 * What the window knows and shows. The worker's messages are its only source of torrents; a signal for each row, so that a
 * row is drawn again only when it changed.
 */
export class Store {
  readonly link = signal<LinkState>('opening');
  /** Whether a list was ever received: before that, an empty one means nothing. */
  readonly loaded = signal(false);
  readonly connection = signal<Connection>(NOT_YET);
  readonly roots = signal<readonly RootRow[]>([]);
  /** Those of the helper. */
  readonly folders = computed(() => this.roots.value.filter(({ token }) => token !== BROWSER_ROOT));
  /** The storage of this browser; null where it has none. */
  readonly place = computed(() => this.roots.value.find(({ token }) => token === BROWSER_ROOT) ?? null);
  readonly defaultRoot = computed(
    () => this.folders.value.find(root => root.isDefault) ?? this.folders.value[0] ?? this.place.value,
  );
  /** This browser is at work by itself: no helper was ever there for it. */
  readonly isAlone = computed(() => {
    const { state, everConnected, browser } = this.connection.value;
    return state === 'unpaired' && !everConnected && browser !== null && browser.problem === '';
  });
  /** Why no worker runs here, a sentence; empty where one does, or may. */
  readonly unhosted = signal('');
  /** Of a page that holds what it downloads in memory. Null in the app itself. */
  readonly memory = signal<Memory | null>(null);
  /** What is in this browser can be moved to a folder of the helper. */
  readonly canMoveIn = computed(() => {
    const { state, following } = this.connection.value;
    return state === 'connected' && following === null && this.folders.value.length > 0;
  });
  /** Torrents in the storage of this browser. */
  readonly here = signal(0);
  /** Null until the engine has told them. */
  readonly settings = signal<Settings | null>(null);
  readonly detail = signal<TorrentDetail | null>(null);
  /** Sums over all torrents, bytes a second. */
  readonly down = signal(0);
  readonly up = signal(0);
  readonly counts = signal<Counts>(NO_COUNTS);

  /** What is on its way into this browser. */
  readonly unfinishedHere = signal<readonly Unfinished[]>([]);

  /** How many torrents have each label, in the order of the labels. */
  readonly labels = signal<ReadonlyMap<string, number>>(new Map());

  readonly filter = signal<Filter>('all');
  /** The label that the list is narrowed to as well. */
  readonly label = signal<string | null>(null);
  readonly search = signal('');
  readonly sort = signal<Sort>(NEWEST_FIRST);
  /** While a person points at the list, rows keep their places. */
  readonly held = signal(false);
  /** The ids of the list, narrowed and sorted. */
  readonly order = signal<readonly TorrentId[]>([]);

  readonly page = signal<Page>('torrents');
  /** The id of the section or field of the settings that is to be seen; empty: none. */
  readonly section = signal('');
  readonly inspectorOpen = signal(false);
  readonly tab = signal<Tab>('general');

  /** Grows whenever a torrent came or went, or the order may have changed, so that nothing need follow every row. */
  readonly revision = signal(0);

  readonly #rows = new Map<TorrentId, Signal<TorrentRow>>();
  #arrangedBy: Sort | null = null;

  constructor() {
    effect(() => {
      this.#arrange();
    });
  }

  /** The row of a torrent; undefined once it is gone. Reading its value subscribes to that row alone. */
  row(id: TorrentId): Signal<TorrentRow> | undefined {
    return this.#rows.get(id);
  }

  /** Every torrent, as it is now. */
  all(): TorrentRow[] {
    return [...this.#rows.values()].map(row => row.peek());
  }

  ids(): TorrentId[] {
    return [...this.#rows.keys()];
  }

  /** The torrents that are in the add sheet. */
  adding(): TorrentId[] {
    return this.all()
      .filter(row => row.state === 'adding')
      .map(row => row.id);
  }

  /** Takes over what the worker said. Other messages are not the store's matter. */
  apply(message: Extract<FromWorker, { type: 'snapshot' | 'delta' }>): void {
    batch(() => {
      if (message.type === 'snapshot') {
        const kept = new Set(message.torrents.map(torrent => torrent.id));
        for (const id of this.#rows.keys()) if (!kept.has(id)) this.#remove(id);
        // A detail may come before its row.
        const detail = this.detail.peek();
        if (detail !== null && !kept.has(detail.id)) this.detail.value = null;
        this.loaded.value = true;
      } else {
        for (const id of message.removed) this.#remove(id);
        if (message.detail !== null) this.detail.value = message.detail;
      }
      for (const torrent of message.torrents) this.#put(torrent);
      if (message.connection !== null) this.connection.value = message.connection;
      if (message.settings !== null) this.settings.value = message.settings;
      if (message.roots !== null) this.roots.value = message.roots;
      this.#total();
    });
  }

  #put(torrent: TorrentRow): void {
    const row = this.#rows.get(torrent.id);
    if (row === undefined) {
      this.#rows.set(torrent.id, signal(torrent));
      this.revision.value++;
      return;
    }
    const before = row.peek();
    row.value = torrent;
    if (!samePlace(before, torrent, this.sort.peek())) this.revision.value++;
  }

  #remove(id: TorrentId): void {
    if (this.#rows.delete(id)) this.revision.value++;
    if (this.detail.peek()?.id === id) this.detail.value = null;
  }

  #total(): void {
    let down = 0;
    let up = 0;
    let here = 0;
    const counts: Record<Filter, number> = { ...NO_COUNTS };
    const labels = new Map<string, number>();
    const unfinished: Unfinished[] = [];
    for (const row of this.#rows.values()) {
      const torrent = row.peek();
      down += torrent.down;
      up += torrent.up;
      if (torrent.state === 'adding') continue;
      counts.all++;
      if (isUnfinishedHere(torrent)) unfinished.push(torrent);
      if (torrent.root === BROWSER_ROOT) here++;
      const bucket = bucketOf(torrent);
      if (bucket !== null) counts[bucket]++;
      for (const label of torrent.options.labels) labels.set(label, (labels.get(label) ?? 0) + 1);
    }
    this.down.value = down;
    this.up.value = up;
    this.here.value = here;
    const before = this.counts.peek();
    if ((Object.keys(counts) as Filter[]).some(filter => counts[filter] !== before[filter])) this.counts.value = counts;
    this.#label(labels);
    const known = this.unfinishedHere.peek();
    const isOther = ({ id, name, state, hasWebSeeds }: Unfinished, at: number): boolean => {
      const before = known[at];
      return id !== before?.id || name !== before.name || state !== before.state || hasWebSeeds !== before.hasWebSeeds;
    };
    if (known.length !== unfinished.length || unfinished.some(isOther)) this.unfinishedHere.value = unfinished;
  }

  #label(labels: ReadonlyMap<string, number>): void {
    const before = this.labels.peek();
    if (labels.size === before.size && [...labels].every(([label, count]) => before.get(label) === count)) return;
    this.labels.value = new Map([...labels].sort(([a], [b]) => compareWords(a, b)));
    if (!labels.has(this.label.peek() ?? '')) this.label.value = null;
  }

  #arrange(): void {
    void this.revision.value;
    const filter = this.filter.value;
    const label = this.label.value;
    const search = this.search.value.trim().toLowerCase();
    const sort = this.sort.value;
    const held = this.held.value;
    const rows: TorrentRow[] = [];
    for (const row of this.#rows.values()) {
      const torrent = row.peek();
      if (matches(torrent, filter, label, search)) rows.push(torrent);
    }
    const sorted = sortRows(rows, sort).map(row => row.id);
    const before = this.order.peek();
    const order = held && this.#arrangedBy === sort ? keepPlaces(before, sorted) : sorted;
    this.#arrangedBy = sort;
    if (order.length !== before.length || order.some((id, index) => id !== before[index])) this.order.value = order;
  }
}

/** The members of `after` in the order of `before`; new ones follow in their own order. */
function keepPlaces(before: readonly TorrentId[], after: readonly TorrentId[]): readonly TorrentId[] {
  const there = new Set(after);
  const kept = before.filter(id => there.has(id));
  const placed = new Set(kept);
  return [...kept, ...after.filter(id => !placed.has(id))];
}

export const store = new Store();
