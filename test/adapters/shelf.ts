/** The two sides of the list, as a test has them. */
import type { Added, Command, Told } from '../../sw/api.ts';
import type { Wishes } from '../../sw/moving-in.ts';
import type { Giver, Taker } from '../../sw/delivery.ts';
import { Shelf } from '../../sw/shelf.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { SaveRow, Settings, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { historyOf } from './histories.ts';
import { PLACE, ROOTS, CONNECTED } from '../fakes/mock-torrents.ts';

export const [A, B, C] = ['a', 'b', 'c'].map(letter => letter.repeat(40)) as [string, string, string];
export const NEW: Command = { do: 'add', source: { kind: 'magnet', uri: 'magnet:?xt=urn:btih:' } };

/** One side of it: rows by id, what was asked of it, and why it refuses. */
export class Side {
  readonly asked: Command[] = [];
  readonly list = new Map<string, TorrentRow>();
  changes: { rows: TorrentRow[]; removed: string[]; left: [] } = { rows: [], removed: [], left: [] };
  refusal: Error | null = null;
  added: Added = { id: C, already: false, brought: false, isBack: false };
  set: Settings | null = DEFAULT_SETTINGS;
  isReachable = true;
  isReady = true;
  /** Their engines, where there are any. */
  taker: Taker | null = null;
  giver: Giver | null = null;
  problem = '';
  state = CONNECTED;

  constructor(
    readonly root: string,
    ids: readonly string[],
  ) {
    for (const id of ids) this.put(id);
  }

  put(id: string): TorrentRow {
    const row = { id, name: this.root, root: this.root, done: 5 } as TorrentRow;
    this.list.set(id, row);
    return row;
  }

  rows = () => [...this.list.values()];
  has = (id: string) => this.list.has(id);
  takeChanges = () => {
    const { changes } = this;
    this.changes = { rows: [], removed: [], left: [] };
    return changes;
  };
  takeNews = () => [];
  takeNotices = () => [];
  detail = (id: string) => (this.list.has(id) ? ({ id, comment: this.root } as TorrentDetail) : null);
  connection = () => this.state;
  roots = () => ROOTS;
  place = () => PLACE;
  settings = () => this.set;
  /** What it measured, bytes a second. */
  measured: readonly number[] = [];

  run = (command: Command): Promise<Added | Told | null> => {
    this.asked.push(command);
    if (this.refusal) return Promise.reject(this.refusal);
    if (command.do === 'history') return Promise.resolve({ told: 'history', history: historyOf(0, this.measured) });
    if (command.do !== 'add') return Promise.resolve(null);
    this.put(this.added.id);
    return Promise.resolve(this.added);
  };
}

export function setUp(theirs: readonly string[] = [A], own: readonly string[] = [B], saving: readonly string[] = [B]) {
  const saves = (): readonly SaveRow[] => saving.map(id => ({ id, isWhole: true }));
  const [paired, local] = [new Side('host', theirs), new Side(BROWSER_ROOT, own)];
  const looks: (() => void)[] = [];
  const after = (_ms: number, look: () => void): unknown => looks.push(look);
  let turns = 0;
  let kept: Wishes = [];
  const wishes = { load: () => Promise.resolve(kept), keep: (more: Wishes) => void (kept = more) };
  const shelf = new Shelf(paired as never, local, { saving: saves, after, wishes, turned: () => (turns += 1) });
  return { paired, local, shelf, look: () => looks.pop()?.(), turns: () => turns };
}
