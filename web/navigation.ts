/**
 * Keeps the address and what the window shows in step, both ways: what is pressed gets an address, and an address that is opened, or come
 * back to, is shown. The store stays the one place that says what is shown; nothing else touches the history.
 */
import { batch, computed, effect, signal } from '@preact/signals';
import type { TorrentDetail, TorrentId } from '../sw/view-model.ts';
import { playing } from './playing.ts';
import { formatPlace, HOME, parsePlace, type Place } from './route.ts';
import { selection } from './selection.ts';
import { store } from './store.ts';
import { layout } from './ui/layout.ts';
import { tellNotLoaded } from './ui/lazy.tsx';

/** What an address asked for and the list has not shown yet. */
const wanted = signal<{ readonly torrent: TorrentId; readonly film: number | null } | null>(null);

/** A torrent that an address names and the list does not have, at least not yet. */
export const missing = computed<TorrentId | null>(() => {
  void store.revision.value;
  const torrent = wanted.value?.torrent;
  return torrent === undefined || store.row(torrent) !== undefined ? null : torrent;
});

/** Whether the details of a torrent are open, be it there or not. */
export const hasDetails = computed(
  () => store.page.value === 'torrents' && (store.inspectorOpen.value || missing.value !== null),
);

/** How long the address may lag behind what only takes the place of it, ms: browsers refuse many changes in a row. */
const LAG_MS = 300;

const TITLES: Readonly<Record<Place['page'], string>> = {
  torrents: 'Starling',
  activity: 'Activity – Starling',
  settings: 'Settings – Starling',
};

/** The address of the entry of the history that the window stands on. */
let at = HOME;
let lag = 0;
/** A step back was asked for, and the browser has not come to it. */
let isReturning = false;

/** Closes what the address asked for in vain. */
export function giveUp(): void {
  batch(() => {
    wanted.value = null;
    store.inspectorOpen.value = false;
  });
}

/** Begins with the address that was opened; answers what ends it. */
export function followAddress(): () => void {
  arrive();
  const stop = [
    effect(() => {
      const place = shown();
      document.title = TITLES[place.page];
      if (!isReturning) go(place);
    }),
    effect(() => {
      selection.isMode = layout.value === 'phone';
    }),
    effect(fulfil),
    effect(() => {
      // Details that are a page of their own close with their torrent.
      void store.revision.value;
      const focused = selection.focused.value;
      if (layout.value !== 'phone' || wanted.value !== null) return;
      if (focused === null || store.row(focused) === undefined) store.inspectorOpen.value = false;
    }),
    effect(() => {
      // Whoever turned to another torrent waits for none.
      const focused = selection.focused.value;
      if (focused !== null && focused !== wanted.peek()?.torrent) wanted.value = null;
    }),
  ];
  addEventListener('popstate', arrive);
  addEventListener('hashchange', arrive);
  addEventListener('pagehide', write);
  return () => {
    for (const end of stop) end();
    removeEventListener('popstate', arrive);
    removeEventListener('hashchange', arrive);
    removeEventListener('pagehide', write);
  };
}

/** Gives the window its address back, where a request stood in its place. */
export function restoreAddress(): void {
  history.replaceState(history.state, '', addressOf(at));
}

function shown(): Place {
  const page = store.page.value;
  if (page === 'activity') return { page };
  if (page === 'settings') return { page, section: store.section.value };
  const asked = wanted.value;
  const torrent = asked?.torrent ?? (store.inspectorOpen.value ? selection.focused.value : null);
  const film = playing.value?.id === torrent ? playing.value?.file : asked?.film;
  return {
    page,
    filter: store.filter.value,
    label: store.label.value,
    torrent,
    tab: torrent === null ? HOME_TAB : store.tab.value,
    film: torrent === null ? null : (film ?? null),
  };
}
const HOME_TAB = 'general';

/** What the address says is shown; an address that leads nowhere leads home. A request is left to who takes it. */
function arrive(): void {
  const { hash } = location;
  if (hash !== '' && !hash.startsWith('#/')) return;
  const wasReturning = isReturning;
  isReturning = false;
  clearTimeout(lag);
  lag = 0;
  const place = parsePlace(hash);
  at = place ?? HOME;
  if (place === null) restoreAddress();
  // A person may have gone elsewhere before the browser had come back.
  if (wasReturning) go(shown());
  else show(at);
}

function show(place: Place): void {
  batch(() => {
    store.page.value = place.page;
    if (place.page === 'settings') store.section.value = place.section;
    if (place.page !== 'torrents') return;
    store.filter.value = place.filter;
    store.label.value = place.label;
    const { torrent, film } = place;
    if (playing.peek()?.id !== torrent || playing.peek()?.file !== film) playing.value = null;
    if (torrent === null) return giveUp();
    store.tab.value = place.tab;
    const isOpen = store.inspectorOpen.peek() && selection.focused.peek() === torrent;
    if (isOpen && (film === null || playing.peek() !== null)) return;
    if (!isOpen) selection.focused.value = null;
    wanted.value = { torrent, film };
  });
}

/** Opens what is wanted once it is there. */
function fulfil(): void {
  const asked = wanted.value;
  if (asked === null) return;
  void store.revision.value;
  const { torrent, film } = asked;
  const row = store.row(torrent);
  if (row === undefined || row.peek().state === 'adding') return;
  if (selection.focused.peek() !== torrent) selection.turnTo(torrent);
  store.inspectorOpen.value = true;
  const detail = store.detail.value;
  if (film !== null && (detail?.id !== torrent || !detail.hasMetadata)) return;
  if (film === null || detail === null) wanted.value = null;
  else void open(asked, detail, film);
}

/** Opens a film in the player, unless a person has gone elsewhere meanwhile. */
async function open(asked: unknown, detail: TorrentDetail, film: number): Promise<void> {
  try {
    const { isFilm, play } = await import('./films.ts');
    if (wanted.peek() !== asked) return;
    batch(() => {
      wanted.value = null;
      if (isFilm(detail.files[film]?.path.at(-1) ?? '')) play(detail, film);
    });
  } catch (cause) {
    if (wanted.peek() !== asked) return;
    wanted.value = null;
    tellNotLoaded(cause);
  }
}

/** What it takes to get from one place to another: a step, or nothing that anybody would want to go back to. */
function isStep(from: Place, to: Place): boolean {
  if (from.page !== to.page) return true;
  if (from.page !== 'torrents' || to.page !== 'torrents') return false;
  if (from.filter !== to.filter || from.label !== to.label) return true;
  return (from.torrent === null) !== (to.torrent === null) || (from.film === null) !== (to.film === null);
}

/** Whether something that lay over the rest was closed. */
function isClosing(from: Place, to: Place): boolean {
  if (from.page !== 'torrents' || to.page !== 'torrents') return false;
  return (from.torrent !== null && to.torrent === null) || (from.film !== null && to.film === null);
}

function go(to: Place): void {
  const from = at;
  if (formatPlace(from) === formatPlace(to)) return;
  if (isStep(from, to)) {
    write();
    // What is closed takes its step of the history with it.
    if (isClosing(from, to) && cameFrom() === formatPlace(to)) {
      isReturning = true;
      return history.back();
    }
    at = to;
    if (isClosing(from, to)) return restoreAddress();
    return history.pushState({ from: formatPlace(from) }, '', addressOf(to));
  }
  at = to;
  if (lag === 0) lag = window.setTimeout(write, LAG_MS);
}

/** The address of the entry before this one, where it was left for this one. */
function cameFrom(): string | null {
  const state: unknown = history.state;
  const isOurs = typeof state === 'object' && state !== null && 'from' in state && typeof state.from === 'string';
  return isOurs ? (state.from as string) : null;
}

function write(): void {
  if (lag === 0) return;
  clearTimeout(lag);
  lag = 0;
  restoreAddress();
}

/** Home has the bare address. */
function addressOf(place: Place): string {
  const hash = formatPlace(place);
  return hash === '#/' ? location.pathname + location.search : hash;
}
