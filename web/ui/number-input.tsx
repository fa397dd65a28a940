import type { ComponentProps, JSX } from 'preact';
import type { Typed } from './typed.ts';

interface Props extends Pick<ComponentProps<'input'>, 'aria-label' | 'placeholder' | 'inputMode' | 'min' | 'max' | 'step'> {
  readonly id: string;
  readonly typed: Typed;
}

/** Where a number is typed; Escape calls off what was refused. */
export function NumberInput({ id, typed, ...rest }: Props): JSX.Element {
  return (
    <input
      {...rest}
      id={id}
      type="number"
      value={typed.text}
      aria-invalid={typed.isRefused}
      aria-describedby={typed.isRefused ? refusedId(id) : undefined}
      onInput={event => typed.input(event.currentTarget)}
      onChange={event => typed.take(event.currentTarget)}
      onKeyDown={event => {
        if (event.key !== 'Escape' || !typed.callOff(event.currentTarget)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

interface RefusedProps {
  /** Of the field. */
  readonly id: string;
  readonly typed: Typed;
  readonly text: string;
}

/** What can be typed there, as soon as something else was. */
export function Refused({ id, typed, text }: RefusedProps): JSX.Element | null {
  if (!typed.isRefused) return null;
  return (
    <p id={refusedId(id)} class="refused tone-bad" role="alert">
      {text}
    </p>
  );
}

function refusedId(id: string): string {
  return `${id}-refused`;
}
