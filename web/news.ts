import type { News } from '../sw/view-model.ts';
import { formatMoment, isolated, shownName } from './format.ts';
import { words } from './words/words.ts';

/** That are named; the rest are counted. */
const NAMED = 5;

/** What happened while no window was open, a line each, with what needs a person first, then by time; `now`: ms since 1970. */
export function describeNews(news: readonly News[], now: number): string {
  const latest = [...news].reverse();
  latest.sort((one, other) => Number(other.what === 'failed') - Number(one.what === 'failed'));
  const lines = latest
    .slice(0, NAMED)
    .map(({ name, what, at }) => words.news[what]({ name: isolated(shownName(name)), moment: formatMoment(at, now) }));
  const rest = latest.length - lines.length;
  if (rest > 0) lines.push(words.news.others({ count: rest }));
  return words.news.whileClosed({ events: lines.reduce((first, next) => words.news.next({ first, next })) });
}
