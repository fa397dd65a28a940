import { computed, signal } from '@preact/signals';

/** `wide`: sidebar, table and a panel below. `medium`: chips and a side sheet. `phone`: tabs and full pages. */
export type Layout = 'wide' | 'medium' | 'phone';

function matching(query: string): { readonly value: boolean } {
  const media = matchMedia(query);
  const result = signal(media.matches);
  media.addEventListener('change', () => {
    result.value = media.matches;
  });
  return result;
}

const wide = matching('(min-width: 1100px)');
const medium = matching('(min-width: 720px)');

export const layout = computed<Layout>(() => (wide.value ? 'wide' : medium.value ? 'medium' : 'phone'));
