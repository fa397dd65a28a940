import { batch } from '@preact/signals';
import { Activity, List, Settings } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import { visit } from '../actions.ts';
import { formatAbout, formatCount, isolated, shownName } from '../format.ts';
import { FILTERS, type Filter } from '../list.ts';
import { store, type Page } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { Logo } from '../ui/logo.tsx';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';
import { ConnectionChip } from './connection.tsx';
import { ViewChips, ViewList } from './saved-views.tsx';

/** One step of the history. */
function choose(filter: Filter): void {
  batch(() => {
    store.page.value = 'torrents';
    store.filter.value = filter;
  });
}

/** Narrows the list to one label; a second press takes that back. */
function toggleLabel(label: string): void {
  batch(() => {
    store.page.value = 'torrents';
    store.label.value = store.label.value === label ? null : label;
  });
}

export function Sidebar(): JSX.Element {
  const page = store.page.value;
  return (
    <nav class="sidebar" aria-label={words.shell.main()}>
      <div class="brand">
        <Logo />
        <span>Starling</span>
      </div>
      <ul class="side-list">
        {FILTERS.map(({ id, label }) => (
          <li key={id}>
            <button
              type="button"
              class="side-item"
              aria-current={page === 'torrents' && store.filter.value === id ? 'true' : undefined}
              onClick={() => choose(id)}
            >
              <span>{label}</span>
              <Count filter={id} />
            </button>
          </li>
        ))}
        <LabelList />
        <ViewList />
        <li class="side-gap">
          <PageItem page="activity" />
        </li>
        <li>
          <PageItem page="settings" />
        </li>
      </ul>
      <footer class="side-foot">
        <FreeSpace />
        <ConnectionChip id="connection-side" />
      </footer>
    </nav>
  );
}

function PageItem({ page }: { page: Page }): JSX.Element {
  return (
    <button
      type="button"
      class="side-item"
      aria-current={store.page.value === page ? 'page' : undefined}
      onClick={() => visit(page)}
    >
      {words.shell[page]()}
    </button>
  );
}

function LabelList(): JSX.Element | null {
  const labels = store.labels.value;
  if (labels.size === 0) return null;
  return (
    <li class="side-gap">
      <p class="side-head" id="side-labels">
        {words.shell.labels()}
      </p>
      <ul class="side-labels" aria-labelledby="side-labels">
        {[...labels].map(([name, count]) => (
          <li key={name}>
            <button type="button" class="side-item" aria-pressed={store.label.value === name} onClick={() => toggleLabel(name)}>
              <bdi class="side-label">{name}</bdi>
              <span class="number">{formatCount(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Count({ filter }: { filter: Filter }): JSX.Element {
  const count = store.counts.value[filter];
  return <span class={filter === 'attention' && count > 0 ? 'number tone-warn' : 'number'}>{formatCount(count)}</span>;
}

function FreeSpace(): JSX.Element | null {
  const root = store.defaultRoot.value;
  if (root === null) return null;
  const folder = isolated(shownName(root.name));
  if (root.problem !== '')
    return <p class="tone-warn free">{words.shell.folderProblem({ folder, problem: translated(root.problem) })}</p>;
  if (root.free < 0) return null;
  const free = formatAbout(root.free);
  return (
    <p class="free">{root.token === BROWSER_ROOT ? words.shell.freeHere({ free }) : words.shell.freeOn({ free, folder })}</p>
  );
}

/** In a narrow window: the filters as a row of chips. */
export function Chips(): JSX.Element {
  const row = useRef<HTMLElement>(null);
  const { value: filter } = store.filter;
  const { value: label } = store.label;
  useEffect(() => {
    const pressed = row.current?.querySelector('[aria-pressed="true"]') ?? row.current?.querySelector('[aria-current]');
    pressed?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [filter, label]);
  return (
    <div class="chips-row">
      <nav ref={row} class="chips" aria-label={words.shell.filters()}>
        {FILTERS.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            class="chip"
            aria-current={filter === id ? 'true' : undefined}
            onClick={() => choose(id)}
          >
            {label} <Count filter={id} />
          </button>
        ))}
        {[...store.labels.value].map(([name, count]) => (
          <button
            key={`label ${name}`}
            type="button"
            class="chip"
            aria-pressed={store.label.value === name}
            onClick={() => toggleLabel(name)}
          >
            <bdi>{name}</bdi> <span class="number">{formatCount(count)}</span>
          </button>
        ))}
        <ViewChips />
      </nav>
      {layout.value === 'medium' && <ConnectionChip id="connection-chips" />}
    </div>
  );
}

const TABS: readonly { readonly id: Page; readonly icon: typeof List }[] = [
  { id: 'torrents', icon: List },
  { id: 'activity', icon: Activity },
  { id: 'settings', icon: Settings },
];

/** On a phone: the pages at the bottom. */
export function BottomTabs(): JSX.Element {
  return (
    <nav class="bottom-tabs" aria-label={words.shell.main()}>
      {TABS.map(({ id, icon }) => (
        <button
          key={id}
          type="button"
          class="bottom-tab"
          aria-current={store.page.value === id ? 'page' : undefined}
          onClick={() => visit(id)}
        >
          <Icon of={icon} size={18} />
          {words.shell[id]()}
        </button>
      ))}
    </nav>
  );
}
