import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
/** Read by /theme.js before the first paint too. */
const KEY = 'starling.theme';

export const theme = signal<Theme>(kept());

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === 'system') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, chosen);
    document.documentElement.dataset.theme = chosen;
  }
}

function kept(): Theme {
  const value = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}
