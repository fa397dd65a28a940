import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { catalogue } from './bin/words.mjs';

export default defineConfig({
  define: { __VERSION__: JSON.stringify('0.0.0-test') },
  plugins: [catalogue()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/**/*.browser.test.ts', 'test/bench/**'],
    globalSetup: 'test/data-home.ts',
    setupFiles: 'test/words.ts',
    // Most of the time is spent waiting for other programs: a file a core leaves a good part of each idle.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    testTimeout: 60_000,
    // What is looked for comes in its own time where two files and their programs share the cores.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
});
