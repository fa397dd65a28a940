/**
 * What waits to be sent to a browser that follows this one, bounded however slowly that one reads: of what changes the last is kept,
 * and a new list takes the place of what it makes old. In order, but that a change may come sooner than what was said before it.
 */
import type { FromWorker } from './api.ts';
import { type FromHolder, ROWS_A_PART } from './relayed.ts';
import type { TorrentId, TorrentRow } from './view-model.ts';

/** Of what is told once, in characters of JSON; who lets more come together does not read. The longest torrent file takes less. */
const MAX_TOLD = 16 << 20;
/** Torrents that are gone, and were not told of; no list is longer. */
const MAX_REMOVED = 20_000;

type Snapshot = Extract<FromWorker, { readonly type: 'snapshot' }>;
type Delta = Extract<FromWorker, { readonly type: 'delta' }>;

/** A list, `sent` of whose torrents are under way. */
interface Listing {
  readonly is: 'list';
  readonly snapshot: Snapshot;
  sent: number;
}

interface Changes {
  readonly is: 'changes';
  readonly rows: Map<TorrentId, TorrentRow>;
  readonly removed: Set<TorrentId>;
  others: Omit<Delta, 'torrents' | 'removed'>;
}

interface Told {
  readonly is: 'told';
  readonly message: FromWorker;
  readonly size: number;
}

const NOTHING = { type: 'delta', connection: null, roots: null, settings: null, detail: null } as const;

export class RelayedQueue {
  private waiting: (Listing | Changes | Told)[] = [];
  private told = 0;

  /** False where there is too much. */
  add(message: FromWorker): boolean {
    switch (message.type) {
      case 'snapshot':
        // One that is half-way over there has to come whole.
        this.waiting = this.waiting.filter(one => one.is === 'told' || (one.is === 'list' && one.sent > 0));
        this.waiting.push({ is: 'list', snapshot: message, sent: 0 });
        return true;
      case 'delta':
        return this.change(message);
      default: {
        const size = sizeOf(message);
        this.told += size;
        this.waiting.push({ is: 'told', message, size });
        return this.told <= MAX_TOLD;
      }
    }
  }

  /** The next message; null where nothing waits. */
  next(): FromHolder | null {
    const [first] = this.waiting;
    if (first === undefined) return null;
    const message = first.is === 'list' ? partOfList(first) : first.is === 'changes' ? partOfChanges(first) : first.message;
    if (message.type === 'rows' || (first.is === 'changes' && !isDone(first))) return message;
    this.waiting.shift();
    if (first.is === 'told') this.told -= first.size;
    return message;
  }

  clear(): void {
    this.waiting = [];
    this.told = 0;
  }

  private change({ torrents, removed, ...others }: Delta): boolean {
    let changes = this.waiting.find(one => one.is === 'changes');
    if (changes === undefined) {
      changes = { is: 'changes', rows: new Map(), removed: new Set(), others: NOTHING };
      this.waiting.push(changes);
    }
    for (const row of torrents) {
      changes.rows.set(row.id, row);
      changes.removed.delete(row.id);
    }
    for (const id of removed) {
      changes.rows.delete(id);
      changes.removed.add(id);
    }
    const before = changes.others;
    changes.others = {
      type: 'delta',
      connection: others.connection ?? before.connection,
      roots: others.roots ?? before.roots,
      settings: others.settings ?? before.settings,
      // The files of one go another way.
      detail: others.detail === null ? before.detail : { ...others.detail, files: [] },
    };
    return changes.removed.size <= MAX_REMOVED;
  }
}

/** Characters of its JSON, in which bytes are base64. */
function sizeOf(message: FromWorker): number {
  let bytes = 0;
  const text = JSON.stringify(message, (_key, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    bytes += value.length;
    return null;
  });
  return text.length + Math.ceil(bytes / 3) * 4;
}

function partOfList(list: Listing): FromHolder {
  const { snapshot, sent } = list;
  const torrents = snapshot.torrents.slice(sent, sent + ROWS_A_PART);
  list.sent += torrents.length;
  return list.sent < snapshot.torrents.length ? { type: 'rows', torrents } : { ...snapshot, torrents };
}

/** What is no row goes with the last part. */
function partOfChanges(changes: Changes): FromHolder {
  const torrents = taken(changes.rows.values());
  const removed = taken(changes.removed.values());
  for (const { id } of torrents) changes.rows.delete(id);
  for (const id of removed) changes.removed.delete(id);
  return { ...(isDone(changes) ? changes.others : NOTHING), torrents, removed };
}

function isDone({ rows, removed }: Changes): boolean {
  return rows.size === 0 && removed.size === 0;
}

function taken<T>(all: Iterable<T>): T[] {
  const some: T[] = [];
  for (const one of all) {
    if (some.length === ROWS_A_PART) break;
    some.push(one);
  }
  return some;
}
