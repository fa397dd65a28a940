import '../styles/palette.css';
import { Fragment, type JSX } from 'preact';
import { characterKeys, chooseCharacterKeys, keysOf, listed, SHORTCUTS, signsOf, type Where } from '../shortcuts.ts';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';

/** Every shortcut there is, from the table that binds them. */
export function ShortcutsDialog(): JSX.Element {
  const { shortcuts } = words;
  const titles: Readonly<Record<Where, string>> = {
    anywhere: shortcuts.inAnywhere(),
    list: shortcuts.inList(),
    columns: shortcuts.inColumns(),
    details: shortcuts.inDetails(),
  };
  const close = (): void => {
    listed.value = false;
  };
  return (
    <Dialog labelledBy="shortcuts-title" class="shortcuts" focusSelf closesOutside onCancel={close}>
      <h2 id="shortcuts-title">{shortcuts.title()}</h2>
      <div class="shortcuts-groups">
        {(Object.keys(SHORTCUTS) as Where[]).map(where => (
          <section key={where} aria-labelledby={`shortcuts-${where}`}>
            <h3 id={`shortcuts-${where}`}>{titles[where]}</h3>
            <dl class="shortcut-list">
              {whatIn(where).map(what => (
                <div key={what} class="shortcut">
                  <dt>{shortcuts[what]()}</dt>
                  <dd>
                    <Ways ways={keysOf(where, what)} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label class="choice">
        <input
          type="checkbox"
          class="check"
          checked={characterKeys.value}
          onChange={event => chooseCharacterKeys(event.currentTarget.checked)}
        />
        <span>{shortcuts.switch()}</span>
      </label>
      <div class="dialog-actions">
        <button type="button" class="button button-main" onClick={close}>
          {words.common.close()}
        </button>
      </div>
    </Dialog>
  );
}

type What = { [W in Where]: keyof (typeof SHORTCUTS)[W] }[Where];

function whatIn(where: Where): readonly What[] {
  return Object.keys(SHORTCUTS[where]) as What[];
}

/** Keys that do the same. What a layout needs beside a character is pressed anyway; what all are pressed with stands before them once. */
function Ways({ ways }: { ways: readonly string[] }): JSX.Element {
  const { shortcuts } = words;
  const shown = ways.filter(way => !ways.some(other => way === `Shift+${other}` && other.length === 1));
  const [held = ''] = shown.map(way => way.slice(0, way.lastIndexOf('+') + 1));
  const isShared = held !== '' && shown.length > 1 && shown.every(way => way.startsWith(held));
  return (
    <>
      {isShared && <Keys keys={held.slice(0, -1)} />}
      {shown.map((way, at) => (
        <Fragment key={way}>
          {at > 0 && <span class="sr-only"> {shortcuts.or()} </span>}
          <Keys keys={isShared ? way.slice(held.length) : way} />
        </Fragment>
      ))}
    </>
  );
}

function Keys({ keys }: { keys: string }): JSX.Element {
  const { shortcuts } = words;
  return (
    <span class="keys">
      {signsOf(keys).map((sign, place) => (
        <Fragment key={place}>
          {place > 0 && keys.includes(' ') && <span class="quiet"> {shortcuts.then()} </span>}
          <kbd>{sign === 'Space' ? shortcuts.space() : sign}</kbd>
        </Fragment>
      ))}
    </span>
  );
}
