import { defineConfig } from 'vitest/config';

/**
 * Two files at a time, each with its browser, host and swarm: they wait as much as they work. None of them may make a network, as a
 * browser breaks off its requests whenever the machine gets one or loses one.
 */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    maxWorkers: 2,
    globalSetup: 'test/data-home.ts',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    retry: 0,
  },
});
