import { useSignal } from '@preact/signals';
import { Ellipsis, FolderPlus } from 'lucide';
import type { JSX } from 'preact';
import type { RootRow } from '../../sw/view-model.ts';
import { askHost } from '../actions.ts';
import { addFolder, browse, hostSettings, isWatched, notAdded, picking, tell, watch } from '../folders.ts';
import { formatAbout, isolated, shownName } from '../format.ts';
import { notify } from '../notices.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';
import { Setting, titleId } from './setting.tsx';

/** The folders that downloads go to. */
export function FolderSettings(): JSX.Element {
  const roots = store.folders.value;
  const isAway = hostSettings.value === null;
  return (
    <Setting id="folders" isTitled>
      {roots.length > 0 && (
        <ul class="roots" aria-labelledby={titleId('folders')}>
          {roots.map(root => (
            <Folder key={root.token} root={root} isOnly={roots.length === 1} isAway={isAway} />
          ))}
        </ul>
      )}
      {roots.some(({ token }) => isWatched(token)) && <p class="quiet">{words.folders.watched()}</p>}
      <button type="button" class="button" disabled={isAway || picking.value} onClick={() => void addFolder()}>
        <Icon of={FolderPlus} size={16} />
        {words.folders.add()}
      </button>
      <div role="status" class="root-status">
        {isAway && <p class="quiet">{words.folders.away()}</p>}
        {picking.value && (
          <p>
            {words.folders.picking()}{' '}
            <button type="button" class="button button-small" onClick={() => void browse()}>
              {words.folders.pickHere()}
            </button>
          </p>
        )}
      </div>
      {notAdded.value !== '' && (
        <p class="note note-bad" role="alert">
          {notAdded.value}
        </p>
      )}
    </Setting>
  );
}

function Folder({ root, isOnly, isAway }: { root: RootRow; isOnly: boolean; isAway: boolean }): JSX.Element {
  const naming = useSignal(false);
  const menu = useSignal<{ readonly x: number; readonly y: number } | null>(null);
  const { token, name, isDefault, free, problem } = root;
  const texts = words.folders;
  const named = { name: isolated(shownName(name)) };
  const remove = async (): Promise<void> => {
    const done = await tell({ do: 'remove', root: token });
    if (done) notify(texts.removed(named));
  };
  const items = [
    ...(isDefault ? [] : [{ label: texts.makeDefault(), act: () => void tell({ do: 'default', root: token }) }]),
    { label: texts.rename(), act: () => (naming.value = true) },
    ...(isOnly ? [] : [{ label: texts.removeFromList(), danger: true, act: () => void remove() }]),
  ];
  if (naming.value) {
    return (
      <li class="root">
        <LineForm
          maxLength={255}
          isAsked
          label={texts.newNameOf(named)}
          initial={name}
          action={words.common.save()}
          save={async to => (await askHost({ do: 'rename', root: token, name: to })).refused?.text ?? null}
          onDone={() => (naming.value = false)}
        />
      </li>
    );
  }
  return (
    <li class="root">
      <div class="root-words">
        <span class="root-name">
          {name}
          {isDefault && <span class="root-default">{texts.isDefault()}</span>}
        </span>
        {problem === '' ? (
          <span class="quiet">{free < 0 ? texts.freeUnknown() : texts.free({ free: formatAbout(free) })}</span>
        ) : (
          <span class="tone-bad">{translated(problem)}</span>
        )}
        <label class="choice">
          <input
            type="checkbox"
            class="check"
            checked={isWatched(token)}
            disabled={isAway}
            aria-label={texts.startNewIn(named)}
            onChange={event => {
              const box = event.currentTarget;
              void watch(token, box.checked).then(() => (box.checked = isWatched(token)));
            }}
          />
          <span class="quiet">{texts.startNew()}</span>
        </label>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={texts.actionsFor(named)}
        aria-haspopup="menu"
        disabled={isAway}
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect();
          menu.value = { x: box.left, y: box.bottom };
        }}
      >
        <Icon of={Ellipsis} size={16} />
      </button>
      {menu.value !== null && (
        <Menu label={texts.actionsFor(named)} items={items} {...menu.value} onClose={() => (menu.value = null)} />
      )}
    </li>
  );
}
