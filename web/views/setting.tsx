import type { ComponentChildren, JSX } from 'preact';
import { wayBack } from '../way-back.ts';
import type { GroupId, SettingId } from '../settings-index.ts';
import { store } from '../store.ts';
import { words } from '../words/words.ts';

/** Settings that belong together, under their name. */
export function SettingGroup({ id, children }: { id: GroupId; children: ComponentChildren }): JSX.Element {
  return (
    <section class="setting-group" aria-labelledby={id}>
      <h2 id={id}>{words.settings[id]()}</h2>
      {children}
    </section>
  );
}

interface Props {
  readonly id: SettingId;
  /** Its name stands above it, for what is more than a field with a label. */
  readonly isTitled?: boolean;
  readonly children: ComponentChildren;
}

/** One setting, and the way back to how it is where nobody chose. An address leads to it by its id, and marks it. */
export function Setting({ id, isTitled = false, children }: Props): JSX.Element {
  const { settings } = words;
  const back = wayBack(id);
  const name = settings[id]();
  return (
    <div id={id} class={store.section.value === id ? 'setting marked' : 'setting'}>
      {isTitled && <h3 id={titleId(id)}>{name}</h3>}
      {children}
      {back !== null && (
        <button
          type="button"
          class="text-button reset"
          aria-label={back.to === '' ? settings.resetOf({ name }) : settings.resetOfTo({ name, to: back.to })}
          onClick={() => back.go()}
        >
          {back.to === '' ? settings.reset() : settings.resetTo({ to: back.to })}
        </button>
      )}
    </div>
  );
}

/** Of the heading of a titled one. */
export function titleId(id: SettingId): string {
  return `${id}-title`;
}

interface SegmentsProps<Id extends string> {
  readonly id: SettingId;
  readonly value: Id;
  readonly choices: readonly { readonly id: Id; readonly label: string }[];
  readonly describedBy?: string;
  onChange(id: Id): void;
}

/** One of a few, under the title of its setting. */
export function Segments<Id extends string>({ id, value, choices, describedBy, onChange }: SegmentsProps<Id>): JSX.Element {
  return (
    <div class="segments" role="radiogroup" aria-labelledby={titleId(id)} aria-describedby={describedBy}>
      {choices.map(choice => (
        <label key={choice.id} class="segment">
          <input type="radio" name={id} value={choice.id} checked={value === choice.id} onChange={() => onChange(choice.id)} />
          <span>{choice.label}</span>
        </label>
      ))}
    </div>
  );
}

interface CheckProps {
  readonly label: string;
  readonly checked: boolean;
  /** The id of a text that says more. */
  readonly describedBy?: string;
  onChange(checked: boolean): void;
}

export function Switch({ label, checked, describedBy, onChange }: CheckProps): JSX.Element {
  return (
    <label class="choice">
      <input
        type="checkbox"
        class="check"
        checked={checked}
        aria-describedby={describedBy}
        onChange={event => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
