import { Copy } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Connection } from '../../sw/view-model.ts';
import { reconnect, useHere } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { describeConnection, describeStart, describeUnhosted, type ConnectionWords } from '../connection-words.ts';
import { isolated } from '../format.ts';
import { isFromHelper } from '../pairing.ts';
import { describePorts } from '../reachability.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { words } from '../words/words.ts';
import { reloadApp } from '../worker.ts';
import { PairControl } from './pair-control.tsx';

const START = 'npm start';

function useWords(): ConnectionWords {
  if (store.isUnhosted.value) return describeUnhosted();
  const isKnown = store.link.value === 'open' || store.loaded.value;
  return isKnown ? describeConnection(store.connection.value, isFromHelper()) : describeStart();
}

/** How things stand with the helper, at every moment in sight; pressing it says more. */
export function ConnectionChip({ id }: { id: string }): JSX.Element {
  const said = useWords();
  const { version } = store.connection.value;
  const panel = useRef<HTMLDivElement>(null);
  const chip = useRef<HTMLButtonElement>(null);
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
        onToggle={event => {
          if (event.newState === 'open') placeBeside(panel.current, chip.current);
        }}
      >
        <h2 class="panel-title">{said.label}</h2>
        <ConnectionText said={said} />
        {version !== '' && <p class="quiet">{words.connection.helperVersion({ version: isolated(version) })}</p>}
      </div>
    </>
  );
}

/** The same, as a part of a page. */
export function ConnectionText({ said = useWords() }: { said?: ConnectionWords }): JSX.Element {
  return (
    <div class="connection-text">
      <p>{said.text}</p>
      <PortText />
      {said.showCommand && <StartCommand />}
      <PairControl />
      {said.retry !== null && (
        <button type="button" class="button" onClick={actionOf(store.connection.value)}>
          {said.retry}
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
  const said = state === 'connected' && ports !== null ? describePorts(ports) : null;
  return said && <p class="quiet">{said.text}</p>;
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
