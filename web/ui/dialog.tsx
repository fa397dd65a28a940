import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly labelledBy: string;
  readonly class?: string;
  readonly children: ComponentChildren;
  /** Escape was pressed, or the browser's own way back was used. */
  onCancel(): void;
}

/** A modal dialog, open for as long as it is rendered; the browser keeps the focus inside and gives it back. */
export function Dialog({ labelledBy, class: extra = '', children, onCancel }: Props): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${extra}`}
      aria-labelledby={labelledBy}
      onCancel={event => {
        event.preventDefault();
        onCancel();
      }}
    >
      {children}
    </dialog>
  );
}
