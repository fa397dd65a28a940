import { effect } from '@preact/signals';
import { describe, expect, it } from 'vitest';
import type { TorrentRow } from '../../sw/view-model.ts';
import { Selection } from '../../web/selection.ts';
import { Store } from '../../web/store.ts';
import { CONNECTED, idOf, manyTorrents, nineTorrents, ROOTS } from '../fakes/mock-torrents.ts';

function filled(torrents: readonly TorrentRow[] = nineTorrents()): Store {
  const store = new Store();
  store.apply({ type: 'snapshot', version: 1, torrents, connection: CONNECTED, roots: ROOTS, settings: null });
  return store;
}

function change(store: Store, torrents: readonly TorrentRow[], removed: readonly string[] = []): void {
  store.apply({ type: 'delta', torrents, removed, connection: null, roots: null, settings: null, detail: null });
}

const names = (store: Store): (string | undefined)[] => store.order.value.map(id => store.row(id)?.value.name);

describe('the store', () => {
  it('shows a snapshot, the newest first, and its sums', () => {
    const store = filled();
    expect(store.order.value).toHaveLength(9);
    expect(names(store)[0]).toBe('ubuntu-26.04-desktop-amd64.iso');
    expect(store.counts.value).toEqual({ all: 9, downloading: 3, seeding: 2, done: 1, paused: 1, attention: 2 });
    expect(store.down.value).toBeCloseTo(118.4e6);
    expect(store.defaultRoot.value?.name).toBe('Downloads');
  });

  it('redraws only the row that changed, and keeps the order where it holds', () => {
    const store = filled();
    const [first, second] = nineTorrents();
    const drawn = [0, 0];
    effect(() => {
      void store.row(first!.id)?.value;
      drawn[0]!++;
    });
    effect(() => {
      void store.row(second!.id)?.value;
      drawn[1]!++;
    });
    const order = store.order.value;
    change(store, [{ ...first!, down: 5 }]);
    expect(drawn).toEqual([2, 1]);
    expect(store.order.value).toBe(order);
  });

  it('drops what a second snapshot no longer has', () => {
    const store = filled();
    const [first, ...others] = nineTorrents();
    store.apply({ type: 'snapshot', version: 1, torrents: others, connection: CONNECTED, roots: ROOTS, settings: null });
    expect(store.order.value).not.toContain(first!.id);
    expect(store.row(first!.id)).toBeUndefined();
  });

  it('narrows by filter and by name', () => {
    const store = filled();
    store.filter.value = 'attention';
    expect(names(store)).toEqual(['LibriSpeech train-clean-360', 'OpenStreetMap planet 2026-11']);
    store.search.value = ' STREET ';
    expect(names(store)).toEqual(['OpenStreetMap planet 2026-11']);
    // It moves between filters as its state does.
    change(store, [{ ...nineTorrents()[6]!, state: 'downloading', problem: null }]);
    expect(names(store)).toEqual([]);
    expect(store.counts.value.attention).toBe(1);
  });

  it('sorts by what moves, and back to the newest first', () => {
    const store = filled();
    store.sort.value = { by: 'down', descending: true };
    expect(names(store).slice(0, 3)).toEqual([
      'ubuntu-26.04-desktop-amd64.iso',
      'Blender Open Movies, masters',
      'Sintel (2160p)',
    ]);
    change(store, [{ ...nineTorrents()[4]!, down: 1e9 }]);
    expect(names(store)[0]).toBe('Sintel (2160p)');
    store.sort.value = { by: 'name', descending: false };
    expect(names(store)[0]).toBe('archlinux-2026.11.01.iso');
  });

  it('leaves rows where they are while someone points at them', () => {
    const store = filled();
    store.sort.value = { by: 'down', descending: true };
    store.held.value = true;
    const before = names(store);
    change(store, [{ ...nineTorrents()[4]!, down: 1e9 }]);
    expect(names(store)).toEqual(before);
    change(store, [], [nineTorrents()[1]!.id]);
    expect(names(store)).toEqual(before.filter(name => name !== 'Blender Open Movies, masters'));
    store.held.value = false;
    expect(names(store)[0]).toBe('Sintel (2160p)');
  });

  it('shows what a person moved in the queue at its new place, whatever else is kept', () => {
    const torrents = nineTorrents().map((torrent, at) => ({ ...torrent, place: at + 1 }));
    const store = filled(torrents);
    store.sort.value = { by: 'queue', descending: false };
    store.held.value = true;
    store.pinned.value = new Set([idOf(4)]);
    change(store, [{ ...torrents[4]!, place: 0.5 }]);
    expect(store.order.value[4]).toBe(idOf(4));
    store.moved.value++;
    expect(store.order.value.slice(0, 2)).toEqual([idOf(4), idOf(0)]);
  });

  it('keeps what is being added out of the list', () => {
    const store = filled();
    change(store, [{ ...nineTorrents()[0]!, id: 'c'.repeat(40), state: 'adding' }]);
    expect(store.order.value).toHaveLength(9);
    expect(store.counts.value.all).toBe(9);
    expect(store.adding()).toEqual(['c'.repeat(40)]);
  });

  it('does not sort ten thousand rows again for a speed that no column is sorted by', () => {
    const torrents = manyTorrents(10_000);
    const store = filled(torrents);
    let arranged = 0;
    effect(() => {
      void store.revision.value;
      arranged++;
    });
    change(
      store,
      torrents.slice(0, 500).map(torrent => ({ ...torrent, down: torrent.down + 1 })),
    );
    expect(arranged).toBe(1);
  });
});

describe('the selection', () => {
  it('takes one, toggles, and extends from where it started', () => {
    const store = filled();
    const selection = new Selection(store);
    selection.only(idOf(2));
    selection.extendTo(idOf(4));
    expect([...selection.ids.value]).toEqual([idOf(2), idOf(3), idOf(4)]);
    selection.extendTo(idOf(1));
    expect([...selection.ids.value]).toEqual([idOf(1), idOf(2)]);
    selection.toggle(idOf(8));
    selection.toggle(idOf(1));
    expect([...selection.ids.value]).toEqual([idOf(2), idOf(8)]);
    expect(selection.focused.value).toBe(idOf(1));
  });

  it('stays inside the list', () => {
    const store = filled();
    const selection = new Selection(store);
    expect(selection.moveTo(99, 'select')).toBe(8);
    expect(selection.moveTo(-5, 'select')).toBe(0);
    selection.all();
    expect(selection.count.value).toBe(9);
    store.search.value = 'nothing has this name';
    expect(selection.count.value).toBe(0);
    expect(selection.focused.value).toBeNull();
    expect(selection.moveTo(0, 'select')).toBe(-1);
  });

  it('has the keyboard stand on what comes to stand where it was', () => {
    const store = filled();
    const selection = new Selection(store);
    selection.focused.value = idOf(3);
    selection.hasKeyboard.value = true;
    change(store, [], [idOf(3), idOf(4)]);
    expect([selection.focused.value, selection.takesFocus]).toEqual([idOf(5), true]);
    selection.focused.value = idOf(8);
    change(store, [], [idOf(8)]);
    expect(selection.focused.value).toBe(idOf(7));
    // Where it was elsewhere, nothing is stood on.
    selection.hasKeyboard.value = false;
    change(store, [], [idOf(7)]);
    expect(selection.focused.value).toBeNull();
  });

  it('forgets what was removed', () => {
    const store = filled();
    const selection = new Selection(store);
    selection.only(idOf(0));
    selection.toggle(idOf(1));
    change(store, [], [idOf(1)]);
    expect([...selection.ids.value]).toEqual([idOf(0)]);
    expect(selection.focused.value).toBe(idOf(0));
  });
});
