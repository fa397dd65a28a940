import type { IconNode } from 'lucide';
import { h, type JSX } from 'preact';

interface Props {
  readonly of: IconNode;
  readonly size?: number;
  /** It points along the line, and so the other way where that is written from right to left. */
  readonly isDirected?: boolean;
}

/** A drawing beside a word or inside a labelled button: never the only name of anything. */
export function Icon({ of, size = 16, isDirected = false }: Props): JSX.Element {
  return (
    <svg
      class={isDirected ? 'icon icon-directed' : 'icon'}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {of.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
