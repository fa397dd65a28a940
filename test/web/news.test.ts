import { expect, it } from 'vitest';
import { describeNews } from '../../web/news.ts';

const NOW = new Date(2026, 10, 20, 15, 0).getTime();
const at = (hour: number): number => new Date(2026, 10, 20, hour, 5).getTime();

it('names what happened, what needs a person first and the latest before others, with its time, and counts what is more than a few', () => {
  const news = Array.from({ length: 8 }, (_, number) => ({
    id: String(number),
    name: `T${number}`,
    what: number === 1 ? ('failed' as const) : ('completed' as const),
    at: at(number + 1),
  }));
  const text = describeNews(news, NOW);
  expect(text).toMatch(/^While the app was closed: “T1” was stopped and needs you \(today 0?2:05.*?\);\n“T7” was finished/);
  expect(text).toMatch(/;\n3 others changed too\.$/);
  expect(describeNews(news.slice(0, 1), NOW)).toMatch(/^While the app was closed: “T0” was finished \(today 0?1:05.*?\)\.$/);
});
