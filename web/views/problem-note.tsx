import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentRow } from '../../sw/view-model.ts';
import { announce, force, reconnect, relocating, remove, resume, run, showHelper, showSetting } from '../actions.ts';
import { asking } from '../adding.ts';
import { copy } from '../clipboard.ts';
import { notify } from '../notices.ts';
import { explainProblem } from '../reasons.ts';
import type { Remedy } from '../remedies.ts';
import { shownLinks } from '../shared.ts';
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
      {remedy !== null && <RemedyButton remedy={remedy} row={row} text={text} />}
    </div>
  );
}

function RemedyButton({ remedy, row, text }: { remedy: Remedy; row: TorrentRow; text: string }): JSX.Element | null {
  if (row.state === 'adding' && !INTACT.has(remedy)) return null;
  return (
    <button type="button" class="button button-small" onClick={() => APPLY[remedy](row, text)}>
      {words.remedies[remedy]()}
    </button>
  );
}

/** What leaves the add sheet as it is. */
const INTACT: ReadonlySet<Remedy> = new Set<Remedy>(['announce', 'reconnect', 'copy']);

/** What each does to a torrent; `text` is the sentence that asks for it. */
const APPLY: Readonly<Record<Remedy, (row: TorrentRow, text: string) => void>> = {
  resume: ({ id }) => resume([id]),
  retry: ({ id }) => resume([id]),
  stay: ({ id }) => run({ do: 'relocate', ids: [id], root: BROWSER_ROOT }),
  force: ({ id }) => force([id], true),
  reconnect,
  helper: showHelper,
  announce: ({ id }) => {
    announce([id]);
    notify(words.remedies.announced());
  },
  files: () => (store.tab.value = 'files'),
  limits: () => showSetting('connections'),
  trackers: () => (store.tab.value = 'trackers'),
  relocate: ({ id }) => (relocating.value = [id]),
  remove: ({ id }) => remove([id]),
  copy: (_, text) => void copy(text, 'error'),
  torrent: () => (asking.value = true),
  share: ({ id }) => (shownLinks.value = id),
};
