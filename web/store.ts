import { batch, computed, effect, signal, type Signal } from '@preact/signals';
import type { FromWorker } from '../sw/api.ts';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { Connection, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from '../sw/view-model.ts';
import type { LinkState } from './client.ts';
import type { Unfinished } from './closing.ts';
import { compareWords, matches, NEWEST_FIRST, samePlace, wordsOf, type Filter, type Sort } from './list.ts';
import { keepPinned, keepPlaces, Ordered } from './ordered.ts';
import { isLeaving, Leavers } from './leavers.ts';
import { NO_COUNTS, Tally, type Counts } from './tally.ts';
import { words } from './words/words.ts';

/** Which part of the app is open. */
export type Page = 'torrents' | 'activity' | 'settings';
/** The parts of a torrent's details. */
export const TABS = ['general', 'files', 'peers', 'trackers', 'pieces', 'speed', 'log'] as const;
export type Tab = (typeof TABS)[number];

/** How a page holds torrents in memory. */
export interface Memory {
  /** Bytes that it takes for the files that are wanted, of all with these sizes. */
  readonly heldBytes: (sizes: readonly number[], pieceLength: number, isWanted: (file: number) => boolean) => number;
  /** What to say of so many bytes where `free` are left. */
  readonly tooLarge: (needed: number, free: number) => string;
}

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
  readonly #roots = signal<readonly RootRow[]>([]);
  /** Named when they are looked at, as the texts may come after them. */
  readonly roots = computed(() => this.#roots.value.map(named));
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
  /** No worker can run here. */
  readonly isUnhosted = signal(false);
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

  /** Those that were removed and can be taken back: they are no rows any more. */
  readonly leavers = new Leavers();

  /** How many torrents have each label, in the order of the labels. */
  readonly labels = signal<ReadonlyMap<string, number>>(new Map());

  readonly filter = signal<Filter>('all');
  /** The label that the list is narrowed to as well. */
  readonly label = signal<string | null>(null);
  readonly search = signal('');
  readonly sort = signal<Sort>(NEWEST_FIRST);
  /** While a person points at the list, rows keep their places. */
  readonly held = signal(false);
  /** These keep theirs in any case, the others move around them: what is selected, or has the keyboard. */
  readonly pinned = signal<ReadonlySet<TorrentId>>(new Set());
  /** Grows whenever a person has moved rows in the queue, which are to be seen at their new places at once. */
  readonly moved = signal(0);
  /** The ids of the list, narrowed and sorted. */
  readonly order = signal<readonly TorrentId[]>([]);

  readonly page = signal<Page>('torrents');
  /** The id of the section or field of the settings that is to be seen; empty: none. */
  readonly section = signal('');
  readonly inspectorOpen = signal(false);
  readonly tab = signal<Tab>('general');

  /** Grows whenever a torrent came or went, or the order may have changed, so that nothing need follow every row. */
  readonly revision = signal(0);
  /** Grows whenever one has another place in its line, came or went. */
  readonly placed = signal(0);

  readonly #rows = new Map<TorrentId, Signal<TorrentRow>>();
  readonly #tally = new Tally();
  readonly #ordered = new Ordered();
  /** What is to be put in order anew; null: it is gone. */
  #changed = new Map<TorrentId, TorrentRow | null>();
  /** What the order was made by. */
  #sorted: { readonly sort: Sort; readonly roots: readonly RootRow[] | null } | null = null;
  #asked = '';

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
        for (const id of [...this.#rows.keys(), ...this.leavers.ids()]) if (!kept.has(id)) this.#remove(id);
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
      if (message.roots !== null) this.#roots.value = message.roots;
      this.leavers.tell();
      this.#total();
    });
  }

  #put(torrent: TorrentRow): void {
    this.leavers.delete(torrent.id);
    if (isLeaving(torrent)) {
      this.#remove(torrent.id);
      return this.leavers.add(torrent);
    }
    const row = this.#rows.get(torrent.id);
    const before = row?.peek() ?? null;
    this.#tally.change(before, torrent);
    if (row === undefined) this.#rows.set(torrent.id, signal(torrent));
    else row.value = torrent;
    if (before?.place !== torrent.place || before.root !== torrent.root) this.placed.value++;
    if (before === null || !samePlace(before, torrent, this.sort.peek())) this.#moves(torrent.id, torrent);
  }

  #remove(id: TorrentId): void {
    this.leavers.delete(id);
    const row = this.#rows.get(id);
    if (row !== undefined) {
      this.#rows.delete(id);
      this.#tally.change(row.peek(), null);
      this.placed.value++;
      this.#moves(id, null);
    }
    if (this.detail.peek()?.id === id) this.detail.value = null;
  }

  #moves(id: TorrentId, row: TorrentRow | null): void {
    this.#changed.set(id, row);
    this.revision.value++;
  }

  #total(): void {
    const { down, up, here, counts, labels } = this.#tally;
    this.down.value = down;
    this.up.value = up;
    this.here.value = here;
    const before = this.counts.peek();
    if ((Object.keys(counts) as Filter[]).some(filter => counts[filter] !== before[filter])) this.counts.value = { ...counts };
    this.#label(labels);
    const unfinished: readonly Unfinished[] = [...this.#tally.unfinished.values()];
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
    const words = wordsOf(this.search.value);
    const sort = this.sort.value;
    const held = this.held.value;
    const pinned = this.pinned.value;
    this.#bringInOrder(sort);
    const sorted = this.#ordered.ids(row => matches(row, filter, label, words));
    const before = this.order.peek();
    // Whoever asks for another list gets it as it is; of its own accord nothing moves that somebody is at.
    const asked = JSON.stringify([filter, label, words, sort, this.moved.value]);
    const kept = held ? keepPlaces(before, sorted) : pinned.size > 0 ? keepPinned(before, sorted, pinned) : sorted;
    const order = asked === this.#asked ? kept : sorted;
    this.#asked = asked;
    if (order.length !== before.length || order.some((id, index) => id !== before[index])) this.order.value = order;
  }

  #bringInOrder(sort: Sort): void {
    const roots = sort.by === 'folder' ? this.roots.value : null;
    const changed = this.#changed;
    this.#changed = new Map();
    if (this.#sorted?.sort === sort && this.#sorted.roots === roots) {
      if (changed.size > 0) this.#ordered.update(changed);
      return;
    }
    this.#sorted = { sort, roots };
    const names = new Map(roots?.map(({ token, name }) => [token, name]));
    this.#ordered.sort(this.all(), sort, root => names.get(root) ?? '');
  }
}

export const store = new Store();

/** A person named the folders of the helper; what this browser stores is called as the window calls it, whose texts may come later. */
function named(root: RootRow): RootRow {
  if (root.token !== BROWSER_ROOT) return root;
  return {
    ...root,
    get name() {
      return words.state.thisBrowser();
    },
  };
}
