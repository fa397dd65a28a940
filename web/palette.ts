import { signal } from '@preact/signals';

/** It is open. */
export const palette = signal(false);
