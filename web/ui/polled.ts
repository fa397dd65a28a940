import { useEffect, useState } from 'preact/hooks';

/**
 * What `ask` answered last, asked anew so many ms after each answer while the window is in view; null before the first, and where
 * `key` has become another. An answer of null leaves what there was.
 */
export function usePolled<T>(ask: () => Promise<T | null>, period: number, key: string): T | null {
  const [kept, keep] = useState<{ readonly key: string; readonly value: T } | null>(null);
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const look = async (): Promise<void> => {
      const value = document.visibilityState === 'visible' ? await ask() : null;
      if (isGone) return;
      if (value !== null) keep({ key, value });
      timer = window.setTimeout(() => void look(), period);
    };
    const seen = (): void => {
      clearTimeout(timer);
      if (document.visibilityState === 'visible') void look();
    };
    void look();
    document.addEventListener('visibilitychange', seen);
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, period]);
  return kept?.key === key ? kept.value : null;
}
