import { expect, test } from 'vitest';
import { decodeNews, MAX_NEWS, NewsDesk, type News } from '../../sw/engine/news.ts';

const id = (number: number): string => number.toString(16).padStart(40, '0');

function desk(isUnwatched: boolean, record: Uint8Array | null = null) {
  const heard: News[] = [];
  const world = { record, now: 1_000 };
  const news = new NewsDesk({
    isUnwatched,
    wall: () => world.now,
    keep: kept => (world.record = kept),
    heard: what => heard.push(what),
  });
  if (record) news.restore(record);
  return { news, heard, world };
}

test('what happens while nobody looks is kept, told to the next who does, and forgotten', () => {
  const away = desk(true);
  away.news.happened(id(1), 'One', 'failed');
  away.world.now = 2_000;
  away.news.happened(id(2), 'Two', 'completed');
  expect(away.news.take()).toEqual([]);
  const app = desk(false, away.world.record);
  expect(app.news.take()).toEqual([
    { id: id(1), name: 'One', what: 'failed', at: 1_000 },
    { id: id(2), name: 'Two', what: 'completed', at: 2_000 },
  ]);
  expect(app.world.record).toBeNull();
  expect(app.news.take()).toEqual([]);
});

test('what happens while somebody looks is told on, and not kept', () => {
  const { news, heard, world } = desk(false);
  news.happened(id(1), 'One', 'completed');
  expect(heard).toMatchObject([{ name: 'One', what: 'completed' }]);
  expect(world.record).toBeNull();
  expect(news.take()).toEqual([]);
});

test('one that stops again and again is told once, and what came of it in the end', () => {
  const { news, heard, world } = desk(true);
  for (let time = 0; time < 5; time++) news.happened(id(1), 'One', 'failed');
  expect(heard).toHaveLength(1);
  news.happened(id(1), 'One', 'completed');
  expect(heard.map(({ what }) => what)).toEqual(['failed', 'completed']);
  expect(decodeNews(world.record!).map(({ what }) => what)).toEqual(['completed']);
});

test('one that goes on again is no news, and one that stops once more is, though not told again the same day', () => {
  const { news, heard, world } = desk(true);
  news.happened(id(1), 'One', 'failed');
  news.happened(id(2), 'Two', 'completed');
  for (const each of [1, 2, 3]) news.happened(id(each), '', 'running');
  expect(decodeNews(world.record!)).toMatchObject([{ name: 'Two', what: 'completed' }]);
  news.happened(id(1), 'One', 'failed');
  expect(decodeNews(world.record!).at(-1)).toMatchObject({ name: 'One', what: 'failed' });
  expect(heard).toHaveLength(2);
  news.happened(id(1), 'One', 'running');
  world.now += 86_400_000;
  news.happened(id(1), 'One', 'failed');
  expect(heard).toHaveLength(3);
  // The engine that comes next finds it at work.
  const app = desk(false, world.record);
  app.news.happened(id(1), 'One', 'running');
  expect(app.news.take()).toMatchObject([{ name: 'Two' }]);
});

test('one that was added meanwhile is told by what became of it', () => {
  const { news, world } = desk(true);
  news.happened(id(1), 'One', 'added');
  expect(decodeNews(world.record!)).toMatchObject([{ what: 'added' }]);
  news.happened(id(1), 'One', 'completed');
  expect(decodeNews(world.record!)).toMatchObject([{ what: 'completed' }]);
});

test('a hundred are kept, the latest; nothing of those that are removed', () => {
  const { news, world } = desk(true);
  for (let number = 0; number < MAX_NEWS + 5; number++) news.happened(id(number), 'x'.repeat(1_000), 'completed');
  const kept = decodeNews(world.record!);
  expect(kept).toHaveLength(MAX_NEWS);
  expect(kept[0]?.id).toBe(id(5));
  expect(kept[0]?.name).toHaveLength(255);
  news.removed(id(5));
  expect(decodeNews(world.record!)[0]?.id).toBe(id(6));
});
