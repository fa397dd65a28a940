import { signal } from '@preact/signals';

/** Whether the browser promised to keep what is stored here, until a person clears it. Null while it was not asked. */
export const isKept = signal<boolean | null>(null);

/** Finds out what was promised before. */
export async function lookPersistence(): Promise<void> {
  // A page that is in no secure context, and some old browsers, have no such storage.
  if ('storage' in navigator && (await navigator.storage.persisted())) isKept.value = true;
}

/** Asks for it: some browsers put that question to the person, so it is asked when something is about to be stored. */
export async function askToKeep(): Promise<void> {
  if (isKept.value === null && 'storage' in navigator) isKept.value = await navigator.storage.persist();
}
