import { defineConfig } from 'vitest/config';

/**
 * One browser, one host and one swarm at a time: what is measured here must not share the machine with itself, and a browser breaks
 * off its requests whenever the machine gets a network or loses one, as it does in tests.
 */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    globalSetup: 'test/data-home.ts',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    retry: 0,
  },
});
