import { signal } from '@preact/signals';

/** When the day began that it is here, in ms since 1970: who reads it speaks anew of today after midnight. */
export const today = signal(startOfDay());

setInterval(() => (today.value = startOfDay()), 60_000);

function startOfDay(): number {
  return new Date().setHours(0, 0, 0, 0);
}
