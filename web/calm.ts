/** When what the first screen can do without may come. */
import { effect } from '@preact/signals';
import { store } from './store.ts';

/** Ms that are the first screen's own once its list is there. */
const PAUSE = 2000;

/** Settles once the list is there and the window has nothing better to do. */
export async function whenCalm(): Promise<void> {
  await new Promise<void>(resolve => {
    const stop = effect(() => {
      if (!store.loaded.value) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
  await new Promise(resolve => setTimeout(resolve, PAUSE));
  // Safari has none of it.
  if ('requestIdleCallback' in globalThis) await new Promise(resolve => requestIdleCallback(resolve));
}
