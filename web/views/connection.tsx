import { Copy } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Connection } from '../../sw/view-model.ts';
import { reconnect, useHere } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { describeConnection, type ConnectionWords } from '../connection-words.ts';
import { isFromHelper } from '../pairing.ts';
import { describePorts } from '../reachability.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { reloadApp } from '../worker.ts';
import { PairControl } from './pair-control.tsx';

const START = 'npm start';

function useWords(): ConnectionWords {
  const why = store.unhosted.value;
  if (why !== '') return { label: 'Not in this browser', text: why, tone: 'bad', retry: null, showCommand: false };
  if (store.link.value === 'open' || store.loaded.value) return describeConnection(store.connection.value, isFromHelper());
  return { label: 'Starting', text: 'The engine is starting.', tone: 'warn', retry: null, showCommand: false };
}

/** How things stand with the helper, at every moment in sight; pressing it says more. */
export function ConnectionChip({ id }: { id: string }): JSX.Element {
  const words = useWords();
  const panel = useRef<HTMLDivElement>(null);
  const chip = useRef<HTMLButtonElement>(null);
  const shown = (layout.value === 'phone' && words.short) || words.label;
  // Whoever speaks to the computer says what is to be seen (WCAG 2.5.3).
  const name = words.label.toLowerCase().includes(shown.toLowerCase()) ? words.label : shown;
  return (
    <>
      <button ref={chip} type="button" class="chip connection-chip" popoverTarget={id} aria-label={name}>
        <span class={`dot dot-${words.tone}`} aria-hidden="true" />
        {shown}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        class="panel"
        role="dialog"
        aria-label="Connection"
        onToggle={event => {
          if (event.newState === 'open') placeBeside(panel.current, chip.current);
        }}
      >
        <h2 class="panel-title">{words.label}</h2>
        <ConnectionText words={words} />
        {store.connection.value.version !== '' && <p class="quiet">Helper {store.connection.value.version}</p>}
      </div>
    </>
  );
}

/** The same, as a part of a page. */
export function ConnectionText({ words = useWords() }: { words?: ConnectionWords }): JSX.Element {
  return (
    <div class="connection-text">
      <p>{words.text}</p>
      <PortText />
      {words.showCommand && <StartCommand />}
      <PairControl />
      {words.retry !== null && (
        <button type="button" class="button" onClick={actionOf(store.connection.value)}>
          {words.retry}
        </button>
      )}
    </div>
  );
}

/** What its button does. */
function actionOf({ following, outdated }: Connection): () => void {
  if (outdated === 'app') return () => void reloadApp();
  return following === null ? reconnect : useHere;
}

/** How far peers from outside can connect to us, where that is known. */
function PortText(): JSX.Element | null {
  const { state, ports } = store.connection.value;
  const words = state === 'connected' && ports !== null ? describePorts(ports) : null;
  return words && <p class="quiet">{words.text}</p>;
}

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
      <button type="button" class="icon-button" aria-label="Copy the command" onClick={() => void copy(START, 'command')}>
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
