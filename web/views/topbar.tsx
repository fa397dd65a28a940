import { useComputed, useSignal } from '@preact/signals';
import {
  Activity,
  ArrowDown,
  ArrowUp,
  ArrowUpDown,
  Command,
  Ellipsis,
  PanelBottom,
  Pause,
  Play,
  Plus,
  Search,
  Settings,
  Trash2,
  X,
} from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { remove, isRunning, open, pause, resume, visit } from '../actions.ts';
import { asking } from '../adding.ts';
import { formatRate } from '../format.ts';
import { palette } from '../palette.ts';
import { selection } from '../selection.ts';
import { keysOf } from '../shortcuts.ts';
import { store, type Page } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { lazy } from '../ui/lazy.tsx';
import { Logo } from '../ui/logo.tsx';
import { words } from '../words/words.ts';
import { ConnectionChip } from './connection.tsx';
import { SEARCH_ID } from './search-ids.ts';
import { SlowToggle } from './slow-toggle.tsx';

const RowMenu = lazy(
  async () => (await import('./row-menu.tsx')).RowMenu,
  ({ onClose }) => onClose(),
  'folderSave',
  'menus',
);
const SortMenu = lazy(
  async () => (await import('./sort-menu.tsx')).SortMenu,
  ({ onClose }) => onClose(),
  'menus',
);

export function TopBar(): JSX.Element {
  return layout.value === 'phone' ? <PhoneBar /> : <DesktopBar />;
}

function DesktopBar(): JSX.Element {
  return (
    <header class="topbar">
      {layout.value === 'medium' && <Logo />}
      <SearchField />
      <FindTool />
      <span class="space" />
      {selection.count.value > 0 && store.page.value === 'torrents' && <SelectionTools />}
      <Speeds />
      <SlowToggle />
      {layout.value === 'medium' && <PageButton page="activity" icon={Activity} />}
      {layout.value === 'medium' && <PageButton page="settings" icon={Settings} />}
      <AddButton />
    </header>
  );
}

function PhoneBar(): JSX.Element {
  const searching = useSignal(false);
  // What a view looks for is in sight, too.
  const isSearched = store.search.value !== '';
  useEffect(() => {
    if (isSearched) searching.value = true;
  }, [isSearched]);
  const takesKeyboard = useRef(false);
  const page = store.page.value;
  // Only the torrents have a search.
  if (page !== 'torrents') {
    return (
      <header class="topbar">
        <Logo />
        <h1 class="title">{words.shell[page]()}</h1>
        <span class="space" />
        <FindTool />
      </header>
    );
  }
  if (selection.count.value > 0) {
    return (
      <header class="topbar">
        <button type="button" class="icon-button" aria-label={words.shell.clearSelection()} onClick={() => selection.clear()}>
          <Icon of={X} size={20} />
        </button>
        <span class="title">{words.shell.selected({ count: selection.count.value })}</span>
        <span class="space" />
        <SelectionTools />
      </header>
    );
  }
  return (
    <header class="topbar">
      {searching.value ? (
        <SearchField focus={takesKeyboard.current} />
      ) : (
        <>
          <Logo />
          <span class="space" />
        </>
      )}
      {searching.value && <FindTool />}
      {!searching.value && <MenuTool label={words.shell.sort()} icon={ArrowUpDown} of={SortMenu} />}
      {!searching.value && <SlowToggle />}
      <button
        type="button"
        class="icon-button"
        aria-label={searching.value ? words.shell.closeSearch() : words.shell.search()}
        onClick={() => {
          takesKeyboard.current = !searching.value;
          searching.value = takesKeyboard.current;
          store.search.value = '';
        }}
      >
        <Icon of={searching.value ? X : Search} size={20} />
      </button>
      {!searching.value && <ConnectionChip id="connection-top" />}
    </header>
  );
}

/** The palette, for whoever has no keys to open it by. */
function FindTool(): JSX.Element {
  return <Tool label={words.window.findAnything()} icon={Command} onClick={() => (palette.value = true)} />;
}

function SearchField({ focus = false }: { focus?: boolean }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  return (
    <label class="search">
      <Icon of={Search} size={15} />
      <span class="sr-only">{words.shell.searchByName()}</span>
      <input
        id={SEARCH_ID}
        type="search"
        placeholder={words.shell.searchTorrents()}
        autocomplete="off"
        spellcheck={false}
        value={store.search}
        ref={input}
        onInput={event => {
          store.page.value = 'torrents';
          store.search.value = event.currentTarget.value;
        }}
        onKeyDown={event => {
          if (event.key !== 'Escape') return;
          store.search.value = '';
          event.currentTarget.blur();
        }}
      />
      <kbd>{keysOf('anywhere', 'search').join('')}</kbd>
    </label>
  );
}

function SelectionTools(): JSX.Element {
  // No more of the selected rows are followed than it takes to know.
  const canResume = useComputed(() => [...selection.ids.value].some(id => !isRunning(id)));
  const canPause = useComputed(() => [...selection.ids.value].some(isRunning));
  const ids = [...selection.ids.value];
  const [first] = ids;
  return (
    <div class="tools" role="toolbar" aria-label={words.shell.selectedTorrents()}>
      <Tool
        label={words.shell.resume()}
        icon={Play}
        disabled={!canResume.value}
        onClick={() => resume(ids.filter(id => !isRunning(id)))}
      />
      <Tool label={words.shell.pause()} icon={Pause} disabled={!canPause.value} onClick={() => pause(ids.filter(isRunning))} />
      <Tool
        label={words.shell.remove()}
        icon={Trash2}
        onClick={() => {
          // These tools go with what is selected; the keyboard stays on the list.
          document.querySelector<HTMLElement>('.row[tabindex="0"]')?.focus({ preventScroll: true });
          remove(ids);
        }}
      />
      {layout.value === 'phone' && <MenuTool label={words.shell.more()} icon={Ellipsis} of={RowMenu} />}
      {first !== undefined && layout.value !== 'phone' && (
        <Tool
          label={store.inspectorOpen.value ? words.shell.hideDetails() : words.shell.showDetails()}
          icon={PanelBottom}
          onClick={() =>
            store.inspectorOpen.value ? (store.inspectorOpen.value = false) : open(selection.focused.value ?? first)
          }
        />
      )}
    </div>
  );
}

interface MenuToolProps {
  readonly label: string;
  readonly icon: typeof Play;
  readonly of: typeof RowMenu;
}

/** A button that opens a menu under itself. */
function MenuTool({ label, icon, of: Shown }: MenuToolProps): JSX.Element {
  const place = useSignal<{ readonly x: number; readonly y: number } | null>(null);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        onClick={event => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          place.value = { x: left, y: bottom };
        }}
      >
        <Icon of={icon} size={18} />
      </button>
      {place.value !== null && <Shown {...place.value} onClose={() => (place.value = null)} />}
    </>
  );
}

interface ToolProps {
  readonly label: string;
  readonly icon: typeof Play;
  readonly disabled?: boolean;
  onClick(): void;
}

function Tool({ label, icon, disabled = false, onClick }: ToolProps): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon of={icon} size={18} />
    </button>
  );
}

function Speeds(): JSX.Element {
  return (
    <div class="speeds">
      <span class="down">
        <span class="sr-only">{words.shell.downSpeed()} </span>
        <Icon of={ArrowDown} size={13} />
        {formatRate(store.down.value)}
      </span>
      <span class="up">
        <span class="sr-only">{words.shell.upSpeed()} </span>
        <Icon of={ArrowUp} size={13} />
        {formatRate(store.up.value)}
      </span>
    </div>
  );
}

function PageButton({ page, icon }: { page: Page; icon: typeof Play }): JSX.Element {
  const isShown = store.page.value === page;
  return (
    <Tool
      label={isShown ? words.shell.backToTorrents() : words.shell[page]()}
      icon={isShown ? X : icon}
      onClick={() => visit(isShown ? 'torrents' : page)}
    />
  );
}

export function AddButton(): JSX.Element {
  return (
    <button type="button" class="button button-main add-button" onClick={() => (asking.value = true)}>
      <Icon of={Plus} size={16} />
      {words.shell.add()}
    </button>
  );
}
