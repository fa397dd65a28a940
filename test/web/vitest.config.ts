import { defineConfig } from 'vitest/config';

/** The interface in a browser, on a mock worker: nothing is measured here and no network is made, so that two files share the machine. */
export default defineConfig({
  test: {
    include: ['test/web/*.browser.test.ts'],
    maxWorkers: 2,
    globalSetup: 'test/web/built.ts',
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 120_000,
    hookTimeout: 60_000,
    retry: 0,
  },
});
