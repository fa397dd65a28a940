import { describe, expect, it } from 'vitest';
import type { SaveRow, TorrentRow } from '../../sw/view-model.ts';
import { describeClosing, isUnfinishedHere, summarise, type Closing } from '../../web/closing.ts';
import { describeFate } from '../../web/closing-words.ts';

const row = (id: string, part: Partial<TorrentRow> = {}): TorrentRow =>
  ({ id, name: id, root: 'browser', state: 'downloading', hasWebSeeds: false, ...part }) as TorrentRow;
const [WEB, RTC] = [row('web', { hasWebSeeds: true }), row('rtc')];

const saves = (ids: readonly string[], isWhole = true): SaveRow[] => ids.map(id => ({ id, isWhole }));
const fates = (saving: readonly string[], outlives = true): readonly (readonly [string, string, boolean])[] =>
  describeClosing([WEB, RTC], saves(saving), outlives).map(({ id, fate, canFinish }) => [id, fate, canFinish]);
const say = (one: Closing | undefined, outlives = true): string => (one === undefined ? '' : describeFate(one, outlives));

describe('once every window is closed', () => {
  it('what comes from web seeds goes on while it is saved, and along with another; what has WebRTC peers alone waits', () => {
    expect(fates([])).toEqual([
      ['web', 'stops', true],
      ['rtc', 'stops', false],
    ]);
    expect(fates(['web'])).toEqual([
      ['web', 'goes-on', false],
      ['rtc', 'stops', false],
    ]);
    expect(fates(['rtc'])).toEqual([
      ['web', 'along', true],
      ['rtc', 'waits', false],
    ]);
    const [, rtc] = describeClosing([WEB, RTC], saves(['rtc']), true);
    expect(say(rtc)).toBe('Waits, and so does its save: it has WebRTC peers alone, and those need an open window.');
  });

  it('one of which a part alone is being saved waits after that, and can be finished still', () => {
    const [web, rtc] = describeClosing([WEB, RTC], saves(['web', 'rtc'], false), true);
    expect([web?.fate, web?.canFinish, say(web)]).toEqual([
      'part',
      true,
      'Goes on from its web seeds while a part of it is being saved, then waits for the app.',
    ]);
    expect(rtc?.fate).toBe('waits');
    expect(summarise(describeClosing([WEB], saves(['web'], false), true))).toBe('1 download waits once every window is closed.');
  });

  it('nothing goes on in other browsers, and nothing is offered that would not help there', () => {
    expect(fates(['web'], false)).toEqual([
      ['web', 'stops', false],
      ['rtc', 'stops', false],
    ]);
    expect(say(describeClosing([RTC], [], false)[0], false)).toBe('Waits until the app is open again.');
  });

  it('one that waits for its turn or its files cannot be saved yet', () => {
    for (const state of ['queued', 'metadata', 'checking'] as const) {
      expect(describeClosing([{ ...WEB, state }], [], true)[0]?.canFinish).toBe(false);
    }
  });

  it('nobody need care about what is complete, paused, or the helper’s', () => {
    for (const state of ['seeding', 'done', 'paused', 'error', 'adding'] as const) {
      expect(isUnfinishedHere(row('x', { state })), state).toBe(false);
    }
    expect(isUnfinishedHere(row('x', { root: 'f'.repeat(64) }))).toBe(false);
    expect(isUnfinishedHere(WEB)).toBe(true);
    expect(summarise([])).toBeNull();
  });

  it('is said in a line', () => {
    const line = (saving: readonly string[]): string | null => summarise(describeClosing([WEB, RTC], saves(saving), true));
    expect(line([])).toBe('2 downloads wait once every window is closed.');
    expect(line(['web'])).toBe('1 download waits once every window is closed.');
    expect(summarise(describeClosing([WEB], saves(['web']), true))).toBe(
      'You can close every window: 1 download goes on until saved.',
    );
  });
});
