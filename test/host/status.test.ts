/** Whose engine is at work, as `starling status` is told. */
import { expect, test, vi } from 'vitest';
import { type Engines, statusOf } from '../../daemon/host/http/status.ts';
import { API_VERSION } from '../../sw/api.ts';
import type { TorrentRow } from '../../sw/view-model.ts';

test.each([
  ['one that has not come in time is on its way', { isWorkThere: true, comes: false }, 'expected'],
  ['one that came to tell alone is none', { isWorkThere: false, comes: true }, null],
  ['one that came to tell somebody else, and is still there, is none', { isWorkThere: true, comes: true, isAtRest: true }, null],
  ['one that has something to do is at work', { isWorkThere: true, comes: true }, 'away'],
  ['one that cannot come where nothing is to be done is none', { isWorkThere: false, comes: false }, null],
] as const)('an engine: %s', async (_what, { isWorkThere, comes, ...more }, atWork) => {
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
  let isAwake = false;
  const engines: Engines = {
    get atWork() {
      return isAwake && comes ? 'away' : null;
    },
    get expectsEngine() {
      return isWorkThere || isAwake;
    },
    isAtRest: 'isAtRest' in more,
    wake: () => (isAwake = true),
    channel: () => null,
  };
  expect(await statusOf(engines)).toEqual({ atWork, torrents: null });
  vi.restoreAllMocks();
});

test.each([
  ['downloading', 'away'],
  ['queued', 'away'],
  ['done', null],
  ['paused', null],
] as const)('an engine that has said that it rests, and shows a torrent that is %s: %s', async (state, atWork) => {
  const torrents = [{ state, problem: null }] as TorrentRow[];
  const engines: Engines = {
    atWork: 'away',
    expectsEngine: true,
    isAtRest: true,
    wake: () => undefined,
    channel: hear => {
      queueMicrotask(() => hear({ type: 'snapshot', version: API_VERSION, torrents, settings: {} }));
      return { send: () => undefined, close: () => undefined };
    },
  };
  expect(await statusOf(engines)).toEqual({ atWork, torrents });
});
