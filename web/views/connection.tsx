import { useSignal } from '@preact/signals';
import { Copy } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { QUICK_PAGE } from '../../sw/api.ts';
import { reconnect, useHere, visit } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { describeConnection, describeStart, describeUnhosted, type Action, type ConnectionWords } from '../connection-words.ts';
import { isolated } from '../format.ts';
import { isBlocked, isFromHelper, isTried } from '../pairing.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { lazy } from '../ui/lazy.tsx';
import { words } from '../words/words.ts';
import { reloadApp } from '../worker.ts';
import { PairControl } from './pair-control.tsx';

const START = 'npm start';

export const PortText = lazy(async () => (await import('./port-text.tsx')).PortText, null, 'reachability');

/** How things stand, in words; follows what it reads. */
export function connectionWords(): ConnectionWords {
  if (store.isUnhosted.value) return describeUnhosted();
  const isKnown = store.link.value === 'open' || store.loaded.value;
  if (!isKnown) return describeStart();
  const around = { isFromHelper: isFromHelper(), isBlocked: isBlocked.value, isTried: isTried.value };
  return describeConnection(store.connection.value, around);
}

/** How things stand with the helper, at every moment in sight; pressing it says more. */
export function ConnectionChip({ id }: { id: string }): JSX.Element {
  const said = connectionWords();
  const { version } = store.connection.value;
  const panel = useRef<HTMLDivElement>(null);
  const chip = useRef<HTMLButtonElement>(null);
  const isOpen = useSignal(false);
  const shown = (layout.value === 'phone' && said.short) || said.label;
  // Whoever speaks to the computer says what is to be seen (WCAG 2.5.3).
  const name = said.label.toLowerCase().includes(shown.toLowerCase()) ? said.label : shown;
  return (
    <>
      <button ref={chip} type="button" class="chip connection-chip" popoverTarget={id} aria-label={name}>
        <span class={`dot dot-${said.tone}`} aria-hidden="true" />
        {shown}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        class="panel"
        role="dialog"
        aria-label={words.connection.title()}
        onBeforeToggle={event => void (isOpen.value = event.newState === 'open')}
        onToggle={event => {
          if (event.newState === 'open') placeBeside(panel.current, chip.current);
        }}
      >
        {isOpen.value && (
          <>
            <h2 class="panel-title">{said.label}</h2>
            <ConnectionText said={said} />
            {version !== '' && <p class="quiet">{words.connection.helperVersion({ version: isolated(version) })}</p>}
          </>
        )}
      </div>
    </>
  );
}

/** The same, as a part of a page. */
export function ConnectionText({ said = connectionWords() }: { said?: ConnectionWords }): JSX.Element {
  return (
    <div class="connection-text">
      <p>{said.text}</p>
      {said.action === 'network' && <PortText />}
      {said.showCommand && <StartCommand />}
      {said.action !== null && <ActionControl does={said.action} />}
    </div>
  );
}

function ActionControl({ does }: { does: Action }): JSX.Element {
  const texts = words.connection;
  if (does === 'pair') return <PairControl />;
  if (does === 'quick') {
    return (
      <a class="button" href={QUICK_PAGE}>
        {words.window.quick()}
      </a>
    );
  }
  const label = {
    reconnect: texts.reconnect,
    retry: texts.tryAgain,
    restart: texts.startAgain,
    take: texts.useHere,
    reload: texts.reload,
    network: texts.network,
  }[does];
  return (
    <button
      type="button"
      class="button"
      onClick={event => {
        if (does === 'network') event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
        DEEDS[does]();
      }}
    >
      {label()}
    </button>
  );
}

const again = (): void => {
  isTried.value = true;
  reconnect();
};
const DEEDS: Readonly<Record<Exclude<Action, 'pair' | 'quick'>, () => void>> = {
  reconnect: again,
  retry: again,
  restart: again,
  take: useHere,
  reload: () => void reloadApp(),
  network: () => visit('activity'),
};

/** For the first open, where no helper was ever there. */
export function SetUp(): JSX.Element {
  return (
    <div class="set-up">
      <ConnectionText />
    </div>
  );
}

function StartCommand(): JSX.Element {
  return (
    <span class="command">
      <code>{START}</code>
      <button
        type="button"
        class="icon-button"
        aria-label={words.connection.copyCommand()}
        onClick={() => void copy(START, 'command')}
      >
        <Icon of={Copy} size={14} />
      </button>
    </span>
  );
}

/** Above the chip where there is room, else below it, and always inside the window. */
function placeBeside(panel: HTMLElement | null, chip: HTMLElement | null): void {
  if (panel === null || chip === null) return;
  const at = chip.getBoundingClientRect();
  const box = panel.getBoundingClientRect();
  const above = at.top - box.height - 8;
  panel.style.top = `${above >= 8 ? above : at.bottom + 8}px`;
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
}
