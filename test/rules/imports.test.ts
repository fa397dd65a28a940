import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string }[];
  options: ICruiseOptions;
};

/** A small project of the same shape that keeps every rule. */
const clean: Record<string, string> = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: { webtorrent: '1', ws: '1', bencode: '1', '@noble/hashes': '1' },
    devDependencies: { fastcheck: '1' },
  }),
  'tsconfig.json': '{}',
  ...Object.fromEntries(
    ['webtorrent', 'ws', 'bencode', '@noble/hashes', 'fastcheck'].flatMap(name => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'export const x = 1;'],
    ]),
  ),
  'daemon/wire/frames.ts': 'export const x = 1;',
  'daemon/wire/codec.ts': `import { x } from './frames.ts'; export const y = x;`,
  'daemon/io/main.ts': `import './server.ts'; import './files.ts'; import './stats.ts';`,
  'daemon/io/server.ts': `import 'node:net'; import 'ws'; import '../wire/codec.ts';`,
  'daemon/io/files.ts': `import 'node:fs'; import 'node:path';`,
  'daemon/io/stats.ts': `import type { Socket } from 'node:net'; export type S = Socket;`,
  'daemon/io/hash-worker.ts': `import 'node:worker_threads';`,
  'daemon/cli.ts': `import './host/main.ts';`,
  'daemon/host/main.ts': `import '../wire/codec.ts'; import './away/engine.ts'; import 'node:child_process';`,
  'daemon/host/away/engine.ts': `import '../../../sw/engine/index.ts';`,
  'sw/api.ts': 'export const version = 1;',
  'sw/api-server.ts': `import './api.ts';`,
  'sw/main.ts': `import './engine/index.ts'; import './adapters/daemon-net.ts'; import './api-server.ts';`,
  'sw/adapters/daemon-net.ts': `import '../engine/ports.ts'; import '../../daemon/wire/codec.ts';`,
  'sw/engine/index.ts': `export * from './session.ts';`,
  'sw/engine/session.ts': `import './ports.ts'; import './torrent.ts';`,
  'sw/engine/ports.ts': `import type { E } from './events.ts'; export type P = E;`,
  'sw/engine/events.ts': 'export type E = 1;',
  'sw/engine/errors.ts': 'export const fail = 1;',
  'sw/engine/torrent.ts': `import './codec/magnet.ts';`,
  'sw/engine/codec/magnet.ts': `import 'bencode'; import '../model/ids.ts'; import '../errors.ts';`,
  'sw/engine/model/ids.ts': 'export const id = 1;',
  'web/main.tsx': `import './app.tsx';`,
  'web/app.tsx': `import './views/list.tsx';`,
  'web/views/list.tsx': `import '../store.ts';`,
  'web/store.ts': `import './client.ts';`,
  'web/client.ts': `import '../sw/api.ts';`,
};

/** One violation of each rule: a file, and what it says. */
const planted: Record<string, [file: string, text: string]> = {
  'no-circular': ['daemon/wire/frames.ts', `import type { y } from './codec.ts'; export const x = 1 as typeof y;`],
  'wire-is-a-leaf': ['daemon/wire/codec.ts', `import './frames.ts'; import 'node:buffer';`],
  'api-is-a-leaf': ['sw/api.ts', `import type { E } from './engine/events.ts'; export type X = E;`],
  'io-knows-wire-alone': ['daemon/io/stats.ts', `import '../../sw/engine/model/ids.ts';`],
  'io-seen-through-wire': ['daemon/cli.ts', `import './host/main.ts'; import './io/stats.ts';`],
  'host-reaches-the-engine-by-its-door': ['daemon/cli.ts', `import './host/main.ts'; import '../sw/api-server.ts';`],
  'engine-is-pure': ['sw/engine/torrent.ts', `import './codec/magnet.ts'; import 'bencode';`],
  'codec-is-pure': ['sw/engine/codec/magnet.ts', `import '../model/ids.ts'; import '../errors.ts'; import 'ws';`],
  'model-below-codec': ['sw/engine/model/ids.ts', `import type { E } from '../events.ts'; export type I = E;`],
  'codec-below-machines': ['sw/engine/codec/magnet.ts', `import '../events.ts';`],
  'session-on-top': ['sw/engine/torrent.ts', `import type { S } from './session.ts'; export type T = S;`],
  'ports-only-in-session': ['sw/engine/torrent.ts', `import type { P } from './ports.ts'; export type T = P;`],
  'engine-has-one-door': ['sw/api-server.ts', `import './engine/torrent.ts';`],
  'adapters-know-ports-and-wire': ['sw/adapters/daemon-net.ts', `import '../api.ts';`],
  'only-roots-pick-adapters': ['sw/api-server.ts', `import './adapters/daemon-net.ts';`],
  'daemon-seen-through-wire': ['sw/adapters/daemon-net.ts', `import '../../daemon/io/stats.ts';`],
  'wire-only-in-adapters': ['sw/api-server.ts', `import type { x } from '../daemon/wire/frames.ts'; export type X = typeof x;`],
  'web-sees-api-only': ['web/client.ts', `import '../sw/engine/events.ts';`],
  'nobody-imports-web': ['sw/api-server.ts', `import '../web/store.ts';`],
  'views-on-top': ['web/client.ts', `import './views/list.tsx';`],
  'views-use-store': ['web/views/list.tsx', `import '../store.ts'; import '../client.ts';`],
  'webtorrent-in-one-place': ['web/client.ts', `import 'webtorrent';`],
  'no-node-in-browser': ['web/client.ts', `import 'node:path';`],
  'sockets-in-one-place': ['daemon/io/stats.ts', `import 'node:tls';`],
  'datagrams-in-one-place': ['daemon/io/tcp.ts', `import 'node:dgram';`],
  'host-dials-nobody': ['daemon/host/main.ts', `import './away/engine.ts'; import 'node:net';`],
  'disk-in-one-place': ['daemon/io/stats.ts', `import 'node:fs/promises';`],
  'no-processes-in-io': ['daemon/io/stats.ts', `import 'node:child_process';`],
  'no-test-in-source': ['daemon/cli.ts', `import './host/main.ts'; import '../test/fake.ts';`],
  'no-dev-deps-in-source': ['daemon/host/main.ts', `import './away/engine.ts'; import 'fastcheck';`],
  'no-unresolvable': ['web/client.ts', `import './nowhere.ts';`],
  'no-orphans': ['web/forgotten.ts', 'export const x = 1;'],
  'no-dead-code': ['web/forgotten.ts', `import './store.ts';`],
};

describe('dependency rules', () => {
  let root = '';
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const broken = async (): Promise<string[]> => {
    const { output } = await cruise(['web', 'sw', 'daemon'], {
      ...config.options,
      baseDir: root,
      validate: true,
      ruleSet: config as unknown as IFlattenedRuleSet,
    });
    return [...new Set((output as ICruiseResult).summary.violations.map(violation => violation.rule.name))];
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'starling-imports-'));
    for (const [file, text] of Object.entries(clean)) put(file, text);
    put('test/fake.ts', 'export const fake = 1;');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('pass a clean tree', async () => {
    expect(await broken()).toEqual([]);
  });

  it('are all planted here', () => {
    expect(Object.keys(planted).sort()).toEqual(config.forbidden.map(({ name }) => name).sort());
  });

  it.each(Object.entries(planted))('%s fires', async (name, [file, text]) => {
    put(file, text);
    try {
      expect(await broken()).toContain(name);
    } finally {
      const before = clean[file];
      if (before === undefined) rmSync(join(root, file));
      else put(file, before);
    }
  });
});
