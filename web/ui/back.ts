import { useEffect, useRef } from 'preact/hooks';

/** While something covers the page, the browser's Back closes it rather than to leave the app. */
export function useBack(covered: boolean, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!covered) return;
    let returned = false;
    const onBack = (): void => {
      returned = true;
      latest.current();
    };
    history.pushState(null, '');
    addEventListener('popstate', onBack);
    return () => {
      removeEventListener('popstate', onBack);
      // Closed in another way, it takes its step of the history with it.
      if (!returned) history.back();
    };
  }, [covered]);
}
