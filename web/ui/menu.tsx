import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface MenuItem {
  readonly label: string;
  readonly shortcut?: string;
  readonly danger?: boolean;
  act(): void;
}

interface Props {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Where it opens, in pixels of the window. */
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

const STEPS: Readonly<Record<string, (at: number, count: number) => number>> = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** A context menu at a point of the window, worked with arrows or the pointer. */
export function Menu({ label, items, x, y, onClose }: Props): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  useLayoutEffect(() => {
    const menu = element.current;
    if (menu === null) return;
    before.current ??= document.activeElement;
    menu.showPopover();
    const box = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
    menu.querySelector('button')?.focus();
  }, [x, y]);
  const close = (): void => {
    element.current?.hidePopover();
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  };
  return (
    <div
      ref={element}
      popover="auto"
      class="menu"
      role="menu"
      aria-label={label}
      onToggle={event => {
        if (event.newState === 'closed') onClose();
      }}
      onKeyDown={event => {
        const buttons = [...event.currentTarget.querySelectorAll('button')];
        const step = STEPS[event.key];
        if (step !== undefined) {
          event.preventDefault();
          buttons[step(buttons.indexOf(document.activeElement as HTMLButtonElement), buttons.length)]?.focus();
        } else if (event.key === 'Tab') {
          event.preventDefault();
          close();
        }
      }}
    >
      {items.map(item => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          class={item.danger === true ? 'menu-item danger' : 'menu-item'}
          tabIndex={-1}
          onClick={() => {
            close();
            item.act();
          }}
        >
          <span>{item.label}</span>
          {item.shortcut !== undefined && <kbd>{item.shortcut}</kbd>}
        </button>
      ))}
    </div>
  );
}
