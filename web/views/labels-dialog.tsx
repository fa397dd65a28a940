import type { JSX } from 'preact';
import type { TorrentId } from '../../sw/view-model.ts';
import { label, labelling } from '../actions.ts';
import { isolated, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Check } from '../ui/check.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';
import { NewLabel } from './labels.tsx';

/** Gives several torrents labels at once. */
export function LabelsDialog(): JSX.Element | null {
  const ids = labelling.value;
  return ids === null ? null : <Labelling ids={ids} />;
}

function Labelling({ ids }: { ids: readonly TorrentId[] }): JSX.Element {
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  const [first] = rows;
  const title =
    rows.length === 1 && first !== undefined
      ? words.labels.titleOfOne({ name: isolated(shownName(first.name)) })
      : words.labels.titleOfMany({ count: rows.length });
  const close = (): void => {
    labelling.value = null;
  };
  return (
    <Dialog labelledBy="labels-title" onCancel={close}>
      <h2 id="labels-title">{title}</h2>
      {[...store.labels.value.keys()].map(name => {
        const having = rows.filter(row => row.options.labels.includes(name)).length;
        return (
          <label key={name} class="choice">
            <Check
              label={name}
              state={having === 0 ? 'none' : having === rows.length ? 'all' : 'some'}
              onChange={checked => label(ids, checked ? [name] : [], checked ? [] : [name])}
            />
            <span>{name}</span>
          </label>
        );
      })}
      <NewLabel ids={ids} />
      <div class="dialog-actions">
        <button type="button" class="button button-main" onClick={close}>
          {words.common.close()}
        </button>
      </div>
    </Dialog>
  );
}
