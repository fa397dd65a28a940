import type { News } from '../sw/view-model.ts';
import { formatMoment, plural } from './format.ts';

const WHAT: Readonly<Record<News['what'], string>> = {
  completed: 'was finished',
  failed: 'was stopped and needs you',
  added: 'was added',
};
/** That are named; the rest are counted. */
const NAMED = 5;

/** What happened while no window was open, a line each, with what needs a person first, then by time; `now`: ms since 1970. */
export function describeNews(news: readonly News[], now: number): string {
  const latest = [...news].reverse();
  latest.sort((one, other) => Number(other.what === 'failed') - Number(one.what === 'failed'));
  const named = latest.slice(0, NAMED).map(({ name, what, at }) => `“${name}” ${WHAT[what]} (${formatMoment(at, now)})`);
  const rest = latest.length - named.length;
  if (rest > 0) named.push(`${plural(rest, 'other', 'others')} changed too`);
  return `While the app was closed: ${named.join(';\n')}.`;
}
