import type { JSX } from 'preact';

/** How much of something is there; `value` from 0 to 1. The words beside it say the same, so it is a picture only. */
export function Bar({ value, tone }: { value: number; tone: 'plain' | 'accent' | 'good' | 'warn' | 'bad' }): JSX.Element {
  return (
    <span class={`bar bar-${tone}`} aria-hidden="true">
      <span class="bar-fill" style={{ transform: `scaleX(${value})` }} />
    </span>
  );
}
