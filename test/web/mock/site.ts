/** The interface on a mock worker, built as the app is built: once for all who serve it to a browser. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, preview } from 'vite';

const configFile = join(import.meta.dirname, 'vite.config.ts');
const cache = join(import.meta.dirname, '../../../.cache');
/** Where it is, for every process of a run. */
const VARIABLE = 'STARLING_MOCK';

export interface MockServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds it; what it gives takes that away again. */
export async function buildMock(): Promise<() => void> {
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'mock-'));
  const { NODE_ENV } = process.env;
  // What runs tests and benches says otherwise, which would build code that nobody is given.
  process.env.NODE_ENV = 'production';
  try {
    await build({ configFile, logLevel: 'error', build: { outDir } });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
  process.env[VARIABLE] = outDir;
  return () => rmSync(outDir, { recursive: true, force: true });
}

/** Serves what was built. */
export async function serveMock(): Promise<MockServer> {
  const outDir = process.env[VARIABLE];
  if (outDir === undefined) throw new Error('The interface on a mock worker is not built');
  const server = await preview({ configFile, logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('It is not served');
  return { url, close: () => server.close() };
}
