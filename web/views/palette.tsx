import '../styles/palette.css';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Fuzzy, type Found } from '../fuzzy.ts';
import { palette } from '../palette.ts';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';
import { actionItems, fileItems, selected, selectionItems, settingItems, torrentItems, type Item } from './palette-items.ts';

/** How many of a kind are shown of what was looked for. */
const MOST = 8;

interface Group {
  readonly title: string;
  readonly found: readonly Found<Item>[];
}

/** Finds and does anything, by some letters of its name. */
export function Palette(): JSX.Element {
  const text = useSignal('');
  const at = useSignal(0);
  // As things are while it opens: what is found does not move under the hand.
  const kinds = useMemo(kindsNow, []);
  const groups = useSignal<readonly Group[]>(useMemo(() => atFirst(kinds), []));
  /** What was looked for when that was found; and Enter was pressed for what is still being looked for. */
  const foundFor = useRef('');
  const isAwaited = useRef(false);
  const list = useRef<HTMLDivElement>(null);
  const all = groups.value.flatMap(({ found }) => found);
  const asked = text.value.trim();

  useEffect(() => {
    const show = (found: readonly Group[]): void => {
      groups.value = found;
      at.value = 0;
      foundFor.current = asked;
    };
    if (asked === '') {
      show(atFirst(kinds));
      return undefined;
    }
    const ended = new AbortController();
    void search(kinds, asked, ended.signal).then(found => {
      if (found === null) return;
      show(found);
      const [first] = found.flatMap(group => group.found);
      if (isAwaited.current && first !== undefined) act(first.item);
    });
    return () => ended.abort();
  }, [asked]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [at.value, groups.value]);

  const close = (): void => {
    palette.value = false;
  };
  const act = (item: Item): void => {
    close();
    // What it opens takes the keyboard after this has given it back.
    setTimeout(() => item.act());
  };
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLInputElement }): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const chosen = all[at.value];
    if (step !== 0 && all.length > 0) at.value = (at.value + step + all.length) % all.length;
    else if (event.key === 'Enter' && !event.isComposing) {
      // What is in sight was found for another text.
      if (foundFor.current !== event.currentTarget.value.trim()) isAwaited.current = true;
      else if (chosen !== undefined) act(chosen.item);
    } else return;
    event.preventDefault();
  };

  let index = 0;
  return (
    <Dialog labelledBy="palette-title" class="palette" closesOutside onCancel={close}>
      <h2 id="palette-title" class="sr-only">
        {words.window.findAnything()}
      </h2>
      <input
        class="palette-field"
        type="text"
        role="combobox"
        aria-label={words.palette.field()}
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls="palette-list"
        aria-activedescendant={all.length > 0 ? `palette-${at.value}` : undefined}
        placeholder={words.palette.field()}
        autofocus
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={event => {
          isAwaited.current = false;
          text.value = event.currentTarget.value;
        }}
        onKeyDown={onKeyDown}
      />
      <div id="palette-list" ref={list} class="palette-list" role="listbox" aria-label={words.palette.results()}>
        {groups.value.map(({ title, found }, group) => (
          <div key={title} role="group" aria-labelledby={`palette-group-${group}`}>
            <p id={`palette-group-${group}`} class="palette-group" role="presentation">
              {title}
            </p>
            {found.map(each => {
              const place = index++;
              return (
                <Option
                  key={place}
                  id={`palette-${place}`}
                  found={each}
                  isActive={place === at.value}
                  onPoint={() => (at.value = place)}
                  onChoose={() => act(each.item)}
                />
              );
            })}
          </div>
        ))}
      </div>
      {all.length === 0 && <p class="quiet palette-none">{words.palette.nothing({ text: asked })}</p>}
      <p class="sr-only" role="status">
        {asked === '' ? '' : words.palette.found({ count: all.length })}
      </p>
    </Dialog>
  );
}

interface OptionProps {
  readonly id: string;
  readonly found: Found<Item>;
  readonly isActive: boolean;
  onPoint(): void;
  onChoose(): void;
}

function Option({ id, found: { item, pieces }, isActive, onPoint, onChoose }: OptionProps): JSX.Element {
  return (
    <div
      id={id}
      class={item.danger === true ? 'palette-item danger' : 'palette-item'}
      role="option"
      aria-selected={isActive}
      onPointerMove={isActive ? undefined : onPoint}
      // The keyboard stays in the field.
      onMouseDown={event => event.preventDefault()}
      onClick={onChoose}
    >
      <bdi class="palette-name">{pieces.map((piece, at) => (at % 2 === 1 ? <mark key={at}>{piece}</mark> : piece))}</bdi>
      {item.place !== undefined && <bdi class="palette-place">{item.place}</bdi>}
      {item.keys !== undefined && (
        <span class="palette-keys">
          {item.keys.map((key, at) => (
            <kbd key={at}>{key}</kbd>
          ))}
        </span>
      )}
    </div>
  );
}

interface Kind {
  readonly title: string;
  readonly items: readonly Item[];
  readonly names: Fuzzy<Item>;
  readonly isShownAtFirst: boolean;
}

function kindsNow(): readonly Kind[] {
  const { selected: titleOf, actions, torrents, files, settings } = words.palette;
  const { length } = selected();
  const kind = (title: string, items: readonly Item[], isShownAtFirst = false): Kind => ({
    title,
    items,
    names: new Fuzzy(items, ({ label }) => label, items[0]?.also === undefined ? undefined : ({ also = '' }) => also),
    isShownAtFirst,
  });
  return [
    ...(length > 0 ? [kind(titleOf({ count: length }), selectionItems(), true)] : []),
    kind(actions(), actionItems(), true),
    kind(torrents(), torrentItems()),
    kind(files(), fileItems()),
    kind(settings(), settingItems()),
  ];
}

/** Before anything was asked for. */
function atFirst(kinds: readonly Kind[]): readonly Group[] {
  return kinds
    .filter(({ isShownAtFirst }) => isShownAtFirst)
    .map(({ title, items }) => ({ title, found: items.map(item => ({ item, score: 0, pieces: [item.label] })) }));
}

/** The kinds with something that is called so, the best first; null where it was called off. */
async function search(kinds: readonly Kind[], text: string, signal: AbortSignal): Promise<readonly Group[] | null> {
  const groups: Group[] = [];
  for (const { title, names } of kinds) {
    const found = await names.find(text, MOST, signal);
    if (found === null) return null;
    if (found.length > 0) groups.push({ title, found });
  }
  return groups.sort((a, b) => (b.found[0]?.score ?? 0) - (a.found[0]?.score ?? 0));
}
