import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface Props {
  readonly labelledBy: string;
  readonly class?: string;
  /** Takes the keyboard's focus itself, where what is inside appears bit by bit; Enter presses the main button then. */
  readonly focusSelf?: boolean;
  /** A press beside it cancels, too: nothing in it would be lost. */
  readonly closesOutside?: boolean;
  readonly children: ComponentChildren;
  /** Escape was pressed, or the browser's own way back was used. */
  onCancel(): void;
}

/** A modal dialog, open for as long as it is rendered; the focus stays inside, and goes back to where it was. */
export function Dialog({
  labelledBy,
  class: extra = '',
  focusSelf = false,
  closesOutside = false,
  children,
  onCancel,
}: Props): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    if (focusSelf) dialog?.focus();
    return () => {
      dialog?.close();
      // The browser gives the focus back only where the dialog is still in the page.
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${extra}`}
      aria-labelledby={labelledBy}
      tabIndex={focusSelf ? -1 : undefined}
      onKeyDown={event => {
        if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
        event.preventDefault();
        event.currentTarget.querySelector<HTMLButtonElement>('.button-main')?.click();
      }}
      onClick={event => {
        // What is not on something in it is on the dialog's own element: its edge, or all that is around it.
        if (!closesOutside || event.target !== event.currentTarget) return;
        const { left, right, top, bottom } = event.currentTarget.getBoundingClientRect();
        const { clientX: x, clientY: y } = event;
        if (x < left || x > right || y < top || y > bottom) onCancel();
      }}
      onCancel={event => {
        event.preventDefault();
        onCancel();
      }}
    >
      {children}
    </dialog>
  );
}
