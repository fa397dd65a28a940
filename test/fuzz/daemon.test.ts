import { expect, it } from 'vitest';
import { fuzzDaemon } from './daemon.ts';

it('a running io-daemon outlives whatever frames come, and is as it was before', { timeout: 120_000 }, async () => {
  const seed = Date.now() >>> 0;
  const { problem, messages } = await fuzzDaemon(4, seed);
  expect(problem, `seed ${seed}`).toBe('');
  expect(messages).toBeGreaterThan(100);
});
