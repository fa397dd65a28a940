import { useEffect, useRef } from 'preact/hooks';

/** Escape calls off what is dragged, and does nothing else then. */
export function useCallOff(isDragging: () => boolean, callOff: () => void): void {
  const drag = useRef({ isDragging, callOff });
  drag.current = { isDragging, callOff };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || !drag.current.isDragging()) return;
      event.stopPropagation();
      drag.current.callOff();
    };
    addEventListener('keydown', onKey, true);
    return () => removeEventListener('keydown', onKey, true);
  }, []);
}
