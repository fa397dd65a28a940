import { signal } from '@preact/signals';
import { readStoredText, writeStoredText } from './stored.ts';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
/** Read by /theme.js before the first paint too. */
const KEY = 'starling.theme';

export const theme = signal<Theme>(kept());

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  writeStoredText(KEY, chosen === 'system' ? null : chosen);
  show();
}

/** Whether the system is set to more contrast. */
const more = matchMedia('(prefers-contrast: more)');
more.addEventListener('change', show);

function show(): void {
  const { dataset } = document.documentElement;
  const { value } = theme;
  if (value !== 'system') dataset.theme = value;
  else if (more.matches) dataset.theme = 'contrast';
  else delete dataset.theme;
}

/** How high the rows of the list are: 36 pixels, or 28. */
export type Density = 'comfortable' | 'compact';
const DENSITY_KEY = 'starling.density';

export const density = signal<Density>(keptDensity());

export function chooseDensity(chosen: Density): void {
  density.value = chosen;
  writeStoredText(DENSITY_KEY, chosen === 'comfortable' ? null : chosen);
}

function keptDensity(): Density {
  return readStoredText(DENSITY_KEY) === 'compact' ? 'compact' : 'comfortable';
}

function kept(): Theme {
  const value = readStoredText(KEY);
  return value === 'light' || value === 'dark' || value === 'contrast' ? value : 'system';
}
