import { useSignal } from '@preact/signals';
import { Turtle } from 'lucide';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { describeSlow, isSlow, setSlow } from '../limits.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { whether, words } from '../words/words.ts';

/** Ms after which the schedule is looked at again. */
const LOOK = 20_000;

/** Switches the alternative limits on and off. */
export function SlowToggle(): JSX.Element | null {
  const now = useSignal(Date.now());
  const { value } = store.settings;
  const isScheduled = value?.altMode === 'scheduled';
  useEffect(() => {
    if (!isScheduled) return;
    const look = (): void => void (now.value = Date.now());
    look();
    const timer = setInterval(look, LOOK);
    return () => clearInterval(timer);
  }, [isScheduled]);
  if (value === null) return null;
  const slow = isSlow(value, new Date(isScheduled ? now.value : 0));
  return (
    <button
      type="button"
      class="icon-button slow-toggle"
      aria-label={words.slowMode.name()}
      aria-pressed={slow}
      title={words.slowMode.is({ on: whether(slow), limits: describeSlow(value) })}
      onClick={() => setSlow(value, !slow)}
    >
      <Icon of={Turtle} size={18} />
    </button>
  );
}
