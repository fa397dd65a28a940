/** Whose engine is at work, as `starling status` is told. */
import { expect, test, vi } from 'vitest';
import { type Engines, statusOf } from '../../daemon/host/http/status.ts';

test.each([
  ['one that has not come in time is on its way', { isWorkThere: true, comes: false }, 'expected'],
  ['one that came to tell alone is none', { isWorkThere: false, comes: true }, null],
  ['one that cannot come where nothing is to be done is none', { isWorkThere: false, comes: false }, null],
] as const)('an engine: %s', async (_what, { isWorkThere, comes }, atWork) => {
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
  let isAwake = false;
  const engines: Engines = {
    get atWork() {
      return isAwake && comes ? 'away' : null;
    },
    get expectsEngine() {
      return isWorkThere || isAwake;
    },
    wake: () => (isAwake = true),
    channel: () => null,
  };
  expect(await statusOf(engines)).toEqual({ atWork, torrents: null });
  vi.restoreAllMocks();
});
