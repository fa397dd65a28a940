import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId } from '../../sw/view-model.ts';
import { relocating, run } from '../actions.ts';
import { formatAbout, isolated, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';

/** Takes the files of torrents to another of the folders known. */
export function RelocateDialog(): JSX.Element | null {
  const ids = relocating.value;
  return ids === null ? null : <Choice ids={ids} />;
}

function Choice({ ids }: { ids: readonly TorrentId[] }): JSX.Element {
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  const roots = store.folders.value;
  const here = roots.find(({ token }) => rows.every(row => row.root === token));
  const others = roots.filter(root => root !== here);
  const chosen = useSignal(others[0]?.token ?? '');
  const to = others.find(({ token }) => token === chosen.value) ?? others[0];
  const isFromHere = rows.some(({ root }) => root === BROWSER_ROOT);
  const bytes = rows.reduce((sum, row) => sum + (row.root === to?.token ? 0 : row.done), 0);
  const [first] = rows;
  const title =
    rows.length === 1 && first !== undefined
      ? words.relocate.titleOfOne({ name: isolated(shownName(first.name)) })
      : words.relocate.titleOfMany({ count: rows.length });
  const close = (): void => {
    relocating.value = null;
  };
  return (
    <Dialog labelledBy="relocate-title" onCancel={close}>
      <h2 id="relocate-title">{title}</h2>
      {to === undefined ? (
        <p class="quiet">{words.relocate.noOther()}</p>
      ) : (
        <>
          <label class="choice">
            <span>{words.relocate.folder()}</span>
            <select class="select" value={to.token} onChange={event => (chosen.value = event.currentTarget.value)}>
              {others.map(root => (
                <option key={root.token} value={root.token}>
                  {root.name}
                </option>
              ))}
            </select>
          </label>
          <p class={to.free < bytes ? 'tone-warn' : 'quiet'} role="status">
            {describeMove(bytes, to.free, isFromHere)}
          </p>
        </>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" autofocus onClick={close}>
          {words.common.cancel()}
        </button>
        <button
          type="button"
          class="button button-main"
          disabled={to === undefined}
          onClick={() => {
            close();
            if (to !== undefined) run({ do: 'relocate', ids, root: to.token });
          }}
        >
          {words.relocate.move()}
        </button>
      </div>
    </Dialog>
  );
}

/** How much is to be moved, whether there is room for it, and what becomes of what is in this browser. */
function describeMove(bytes: number, free: number, isFromHere: boolean): string {
  const size = formatAbout(bytes);
  if (free >= bytes) return isFromHere ? words.relocate.enoughFromHere({ size }) : words.relocate.enough({ size });
  const sizes = { size, free: formatAbout(free) };
  return isFromHere ? words.relocate.shortFromHere(sizes) : words.relocate.short(sizes);
}
