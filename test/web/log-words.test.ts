import { expect, test } from 'vitest';
import type { LogEntry } from '../../sw/view-model.ts';
import { describeEntry } from '../../web/log-words.ts';

const said = (entry: Partial<LogEntry>): string =>
  describeEntry({ n: 1, at: 0, kind: 'peer', level: 'info', what: 'added', who: '', text: '', count: 0, ...entry });

test('a connection that ended is put on nobody, and has for its reason what was told', () => {
  const who = '203.0.113.4:6881';
  expect(said({ what: 'peer-lost', who, text: 'The connection failed.' })).toBe(
    `${who} is not connected any more: “The connection failed.”`,
  );
  expect(said({ what: 'peer-left', who, text: 'both have everything' })).toBe(`${who} was left: both have everything`);
});

test('a tracker that names nobody answered, and one that named none says so', () => {
  const what = 'tracker-answered';
  expect(said({ what, who: 'wss://t/', count: -1 })).toBe('wss://t/ answered');
  expect(said({ what, who: 'http://t/', count: 0 })).toBe('http://t/ answered with 0 peers');
});
