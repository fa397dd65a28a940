/** The log of a torrent, and the map of its pieces. */
import { expect, test } from 'vitest';
import { Archive, entered, Journal, note } from '../../sw/engine/journal.ts';

test('a hundred of a kind are kept, the latest, and no kind pushes out another', () => {
  const journal = new Journal(new Archive());
  journal.add(note('tracker-failed', 'http://t', 'no'), 1);
  for (let at = 0; at < 5_000; at++) journal.add(note('peer-left', `10.0.0.${at}`), at);
  const { entries } = journal;
  expect(entries).toHaveLength(101);
  expect(entries[0]).toMatchObject({ n: 1, kind: 'tracker', level: 'warn', who: 'http://t', text: 'no' });
  expect(entries.slice(1).map(({ who }) => who)).toEqual(Array.from({ length: 100 }, (_, at) => `10.0.0.${4_900 + at}`));
});

test('twenty thousand are kept over all torrents: the one goes to which nothing has happened for longest', () => {
  const archive = new Archive();
  const journals = Array.from({ length: 300 }, () => new Journal(archive));
  for (const journal of journals) for (let at = 0; at < 100; at++) journal.add(note('peer-left', 'a'), at);
  journals[100]?.add(note('paused'), 100);
  expect(journals.slice(0, 100).every(({ entries }) => entries.length === 0)).toBe(true);
  expect(journals.at(-1)?.entries).toHaveLength(100);
  // The one that was written to last has the fewest to fear.
  for (const journal of journals.slice(0, 50)) for (let at = 0; at < 100; at++) journal.add(note('peer-left', 'a'), at);
  expect(journals[100]?.entries).toHaveLength(101);
  expect(journals[101]?.entries).toHaveLength(0);
  const held = journals.reduce((sum, { entries }) => sum + entries.length, 0);
  expect(held).toBeLessThanOrEqual(20_000);
  expect(held).toBeGreaterThan(19_000);
  journals[100]?.close();
  expect(journals[100]?.entries).toEqual([]);
});

test('what comes from outside is cut, and phases are told but for those that say nothing', () => {
  const journal = new Journal(new Archive());
  journal.add(note('tracker-failed', 'u'.repeat(5_000), 't'.repeat(5_000)), 1);
  expect(journal.entries[0]?.text).toHaveLength(300);
  expect(journal.entries[0]?.who).toHaveLength(300);
  expect(entered('running', true)?.what).toBe('seeding');
  expect(entered('running', false)?.what).toBe('downloading');
  expect(entered('ready', false)).toBe(null);
});
