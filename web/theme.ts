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

/** How high the rows of the list are: 36 pixels, or 28. */
export type Density = 'comfortable' | 'compact';
const DENSITY_KEY = 'starling.density';

export const density = signal<Density>(keptDensity());

export function chooseDensity(chosen: Density): void {
  density.value = chosen;
  if (chosen === 'comfortable') localStorage.removeItem(DENSITY_KEY);
  else localStorage.setItem(DENSITY_KEY, chosen);
}

function keptDensity(): Density {
  return typeof localStorage !== 'undefined' && localStorage.getItem(DENSITY_KEY) === 'compact' ? 'compact' : 'comfortable';
}

function kept(): Theme {
  const value = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}
