import { useSignal } from '@preact/signals';
import { CirclePause, Turtle } from 'lucide';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { describeSlow, hourKind, pauseEnd, setSlow } from '../limits.ts';
import { untilOf } from '../problems.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { whether, words } from '../words/words.ts';

/** Ms after which the schedule is looked at again. */
const LOOK = 20_000;

/** Switches the alternative limits on and off, and ends a pause of the schedule. */
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
  const moment = new Date(isScheduled ? now.value : 0);
  const kind = hourKind(value, moment);
  if (kind === 'paused') {
    const text = words.slowMode.paused(untilOf(pauseEnd(value, moment)));
    return (
      <button
        type="button"
        class="icon-button slow-toggle is-paused"
        aria-label={text}
        title={text}
        onClick={() => setSlow(value, false)}
      >
        <Icon of={CirclePause} size={18} />
      </button>
    );
  }
  const slow = kind === 'slow';
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
