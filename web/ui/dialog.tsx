import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly labelledBy: string;
  readonly class?: string;
  /** Takes the keyboard's focus itself, where what is inside appears bit by bit; Enter presses the main button then. */
  readonly focusSelf?: boolean;
  readonly children: ComponentChildren;
  /** Escape was pressed, or the browser's own way back was used. */
  onCancel(): void;
}

/** A modal dialog, open for as long as it is rendered; the browser keeps the focus inside and gives it back. */
export function Dialog({ labelledBy, class: extra = '', focusSelf = false, children, onCancel }: Props): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    if (focusSelf) dialog?.focus();
    return () => dialog?.close();
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
      onCancel={event => {
        event.preventDefault();
        onCancel();
      }}
    >
      {children}
    </dialog>
  );
}
