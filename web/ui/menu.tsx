import { Check } from 'lucide';
import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface MenuItem {
  readonly label: string;
  readonly shortcut?: string;
  readonly danger?: boolean;
  /** It turns something on and off, or is one of several of which one holds: the menu stays open. */
  readonly checked?: boolean;
  readonly kind?: 'checkbox' | 'radio';
  readonly disabled?: boolean;
  /** A line stands above it. */
  readonly divided?: boolean;
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
const ROLES = { checkbox: 'menuitemcheckbox', radio: 'menuitemradio' } as const;

/** A context menu at a point of the window, worked with arrows, first letters or the pointer. */
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
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      buttons[step(at, buttons.length)]?.focus();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      close();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const letter = event.key.toLowerCase();
      const found = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)];
      found.find(button => button.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    }
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
      onKeyDown={onKeyDown}
    >
      {items.map((item, index) => (
        <button
          key={index}
          type="button"
          role={item.checked === undefined ? 'menuitem' : ROLES[item.kind ?? 'checkbox']}
          aria-checked={item.checked}
          aria-disabled={item.disabled === true ? true : undefined}
          class={`menu-item${item.danger === true ? ' danger' : ''}${item.divided === true ? ' divided' : ''}`}
          tabIndex={-1}
          onClick={() => {
            if (item.disabled === true) return;
            if (item.checked === undefined) close();
            item.act();
          }}
        >
          <span class="menu-label">
            {item.checked !== undefined && <span class="menu-check">{item.checked && <Icon of={Check} size={14} />}</span>}
            {item.label}
          </span>
          {item.shortcut !== undefined && <kbd>{item.shortcut}</kbd>}
        </button>
      ))}
    </div>
  );
}
