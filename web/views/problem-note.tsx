import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentRow } from '../../sw/view-model.ts';
import { announce, force, reconnect, resume, run, showHelper, showSetting } from '../actions.ts';
import { notify } from '../notices.ts';
import { explainProblem, type Remedy } from '../reasons.ts';
import { store } from '../store.ts';
import { problemContext } from '../words.ts';
import { words } from '../words/words.ts';

/** Cause, consequence and what to do, with a button where one press can do it. */
export function ProblemNote({ row }: { row: TorrentRow }): JSX.Element | null {
  if (row.problem === null) return null;
  const { text, tone, remedy } = explainProblem(row.problem, problemContext(row, store.roots.value));
  return (
    <div class={`note note-${tone}`} role="note">
      <p>{text}</p>
      {remedy !== null && <RemedyButton remedy={remedy} row={row} />}
    </div>
  );
}

function RemedyButton({ remedy, row }: { remedy: Remedy; row: TorrentRow }): JSX.Element | null {
  switch (remedy) {
    case 'resume':
      return (
        <button type="button" class="button button-small" onClick={() => resume([row.id])}>
          {words.remedies.resume()}
        </button>
      );
    case 'stay':
      return (
        <button
          type="button"
          class="button button-small"
          onClick={() => run({ do: 'relocate', ids: [row.id], root: BROWSER_ROOT })}
        >
          {words.remedies.stay()}
        </button>
      );
    case 'force':
      return (
        <button type="button" class="button button-small" onClick={() => force([row.id], true)}>
          {words.remedies.force()}
        </button>
      );
    case 'reconnect':
      return (
        <button type="button" class="button button-small" onClick={reconnect}>
          {words.remedies.reconnect()}
        </button>
      );
    case 'helper':
      if (row.state === 'adding') return null;
      return (
        <button type="button" class="button button-small" onClick={showHelper}>
          {words.remedies.helper()}
        </button>
      );
    case 'announce':
      return (
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            announce([row.id]);
            notify(words.remedies.announced());
          }}
        >
          {words.remedies.announce()}
        </button>
      );
    case 'files':
      return (
        <button type="button" class="button button-small" onClick={() => (store.tab.value = 'files')}>
          {words.remedies.files()}
        </button>
      );
    case 'limits':
      return (
        <button type="button" class="button button-small" onClick={() => showSetting('connections')}>
          {words.remedies.limits()}
        </button>
      );
    case 'trackers':
      if (row.state === 'adding') return null;
      return (
        <button type="button" class="button button-small" onClick={() => (store.tab.value = 'trackers')}>
          {words.remedies.trackers()}
        </button>
      );
  }
}
