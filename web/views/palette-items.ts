/** What the palette leads to. */
import { untracked } from '@preact/signals';
import { isRunning, open, pause, resume, reveal, showSetting, visit, widen } from '../actions.ts';
import { asking } from '../adding.ts';
import { COLUMNS } from '../columns.ts';
import { shownName } from '../format.ts';
import { hourKind, setSlow } from '../limits.ts';
import { sortBy } from '../list-choices.ts';
import { FILTERS, type Filter } from '../list.ts';
import { isFilm, play } from '../films.ts';
import { showView, views } from '../saved-views.ts';
import { selection } from '../selection.ts';
import { settingsThere } from '../settings-index.ts';
import { keysOf, listed, signsOf } from '../shortcuts.ts';
import { store } from '../store.ts';
import { chooseDensity, chooseTheme } from '../theme.ts';
import { words } from '../words/words.ts';
import { focusSearch } from './app-keys.ts';
import { itemsFor } from './row-menu.tsx';

export interface Item {
  readonly label: string;
  /** Other words that it is found by. */
  readonly also?: string;
  /** Where it belongs, or lies. */
  readonly place?: string;
  /** What stands on the keys that do the same. */
  readonly keys?: readonly string[];
  readonly danger?: boolean;
  act(): void;
}

/** What can be done with the torrents that are selected, or with the one whose details are open. */
export function selectionItems(): readonly Item[] {
  return untracked(() => itemsFor(selected())).map(({ label, danger, act }) => ({ label, danger: danger === true, act }));
}

/** Those that it is about. */
export function selected(): readonly string[] {
  const ids = [...selection.ids.peek()];
  const read = store.inspectorOpen.peek() ? selection.focused.peek() : null;
  return ids.length > 0 || read === null ? ids : [read];
}

/** What can be done at any time. */
export function actionItems(): readonly Item[] {
  const { palette } = words;
  const rows = store.all();
  const running = rows.filter(({ id }) => isRunning(id)).map(({ id }) => id);
  const stopped = rows.filter(({ state }) => state === 'paused').map(({ id }) => id);
  return [
    { label: palette.add(), keys: keys('add'), act: () => (asking.value = true) },
    { label: palette.search(), keys: keys('search'), act: search },
    ...(stopped.length > 0 ? [{ label: palette.resumeAll(), act: () => resume(stopped) }] : []),
    ...(running.length > 0 ? [{ label: palette.pauseAll(), act: () => pause(running) }] : []),
    ...slowItems(),
    { label: palette.toTorrents(), keys: keys('torrents'), act: () => visit('torrents') },
    { label: palette.toActivity(), keys: keys('activity'), act: () => visit('activity') },
    { label: palette.toSettings(), keys: keys('settings'), act: () => visit('settings') },
    ...(rows.length > 0 ? listItems() : []),
    ...lookItems(),
    { label: palette.shortcuts(), keys: keys('shortcuts'), act: () => (listed.value = true) },
  ];
}

function slowItems(): readonly Item[] {
  const settings = store.settings.peek();
  if (settings === null) return [];
  const isOn = hourKind(settings, new Date()) === 'slow';
  return [{ label: isOn ? words.palette.slowOff() : words.palette.slowOn(), act: () => setSlow(settings, !isOn) }];
}

/** How the list is looked at. */
function listItems(): readonly Item[] {
  const { palette } = words;
  const narrow = (filter: Filter, label: string | null): void => {
    widen();
    visit('torrents');
    store.filter.value = filter;
    store.label.value = label;
  };
  return [
    ...FILTERS.map(({ id, label }) => ({ label: palette.show({ name: label }), act: () => narrow(id, null) })),
    ...[...store.labels.peek().keys()].map(label => ({
      label: palette.showLabel({ name: label }),
      act: () => narrow('all', label),
    })),
    ...views.peek().map(view => ({ label: palette.showView({ name: view.name }), act: () => showView(view) })),
    ...COLUMNS.map(({ id, label }) => ({
      label: palette.sortBy({ name: label }),
      act: () => {
        visit('torrents');
        sortBy(id);
      },
    })),
    { label: palette.selectAll(), keys: signsOf(keysOf('list', 'all')[0] ?? ''), act: () => selection.all() },
    ...(selection.count.peek() > 0 ? [{ label: palette.clear(), act: () => selection.clear() }] : []),
    ...(store.inspectorOpen.peek() ? [{ label: palette.closeDetails(), act: () => (store.inspectorOpen.value = false) }] : []),
  ];
}

function lookItems(): readonly Item[] {
  const { palette } = words;
  return [
    { label: palette.themeSystem(), act: () => chooseTheme('system') },
    { label: palette.themeLight(), act: () => chooseTheme('light') },
    { label: palette.themeDark(), act: () => chooseTheme('dark') },
    { label: palette.themeContrast(), act: () => chooseTheme('contrast') },
    { label: palette.comfortable(), act: () => chooseDensity('comfortable') },
    { label: palette.compact(), act: () => chooseDensity('compact') },
  ];
}

function search(): void {
  visit('torrents');
  // The field is there once the page is drawn.
  setTimeout(focusSearch);
}

function keys(what: 'add' | 'search' | 'torrents' | 'activity' | 'settings' | 'shortcuts'): readonly string[] {
  return signsOf(keysOf('anywhere', what)[0] ?? '');
}

export function torrentItems(): readonly Item[] {
  return store
    .all()
    .filter(({ state }) => state !== 'adding')
    .map(({ id, name }) => ({
      // Of thousands few are ever shown.
      get label() {
        return shownName(name);
      },
      act: () => {
        reveal(id);
        open(id);
      },
    }));
}

/** Of the torrent whose details are open. */
export function fileItems(): readonly Item[] {
  const detail = store.detail.peek();
  if (detail === null || !store.inspectorOpen.peek() || detail.id !== selection.focused.peek()) return [];
  return detail.files.map(({ path }, index) => {
    const name = path.at(-1) ?? '';
    return {
      get also() {
        return this.place;
      },
      get label() {
        return shownName(name);
      },
      get place() {
        return path.slice(0, -1).map(shownName).join(' / ');
      },
      act: () => {
        store.page.value = 'torrents';
        store.tab.value = 'files';
        if (isFilm(name)) play(detail, index);
      },
    };
  });
}

export function settingItems(): readonly Item[] {
  return settingsThere().map(({ id, group, title, also }) => ({
    label: title,
    also,
    place: words.settings[group](),
    act: () => showSetting(id),
  }));
}
