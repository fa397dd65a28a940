/** `starling rpc` as a program of its own, without a peer. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../daemon/cli/errors.ts';
import { parseListen } from '../../daemon/cli/rpc.ts';
import { childrenOf, isAlive } from '../host/cli.ts';
import { tempFolder, until } from '../host/temp.ts';
import { makeTorrent } from '../sim/host.ts';
import { buildRpc, Driver, type DriverOptions, removeRpc, type RpcMessage } from './driver.ts';

const HASH = '0123456789abcdef0123456789abcdef01234567';
const MAGNET = `magnet:?xt=urn:btih:${HASH}&dn=hello`;
let dist = '';

beforeAll(async () => {
  dist = await buildRpc();
});
afterAll(() => removeRpc(dist));

function start(options: Partial<DriverOptions> = {}): Driver & { readonly home: string } {
  const folder = tempFolder();
  const home = options.home ?? join(folder, 'home');
  const driver = new Driver(dist, { downloads: join(folder, 'downloads'), ...options, home });
  onTestFinished(() => driver.kill());
  return Object.assign(driver, { home });
}

test('an add answers at once, is told of once, and outlives the program', async () => {
  const one = start();
  expect(await one.call('add_magnet', { uri: MAGNET })).toEqual({ info_hash: HASH, already: false });
  expect(
    await one.call('add_magnet', { uri: MAGNET.toUpperCase().replace('MAGNET:?XT=URN:BTIH:', 'magnet:?xt=urn:btih:') }),
  ).toEqual({
    info_hash: HASH,
    already: true,
  });
  expect(await one.call('get_status')).toEqual({
    torrents: [{ info_hash: HASH, name: 'hello', state: 'metadata', progress: 0, size: 0, down_rate: 0, up_rate: 0, peers: 0 }],
  });
  expect(one.notices('torrent_added')).toEqual([
    { jsonrpc: '2.0', method: 'torrent_added', params: { info_hash: HASH, name: 'hello' } },
  ]);
  expect(await one.call('shutdown')).toEqual({});
  expect(await one.ended).toBe(0);
  expect(one.stderr).toBe('');
  const two = start({ home: one.home });
  expect(await two.status(HASH)).toMatchObject({ name: 'hello', state: 'metadata' });
  expect(two.notices('torrent_added')).toEqual([]);
});

test('a torrent file is taken by its path or as base64, and told of with its files; what is none is refused', async () => {
  const torrent = makeTorrent({ 'a.bin': 100_000, 'b/c.bin': 50_000 }, 16_384, 971);
  const program = start();
  const path = join(program.home, '../x.torrent');
  writeFileSync(path, torrent.bytes);
  expect(await program.call('add_torrent', { path, paused: true })).toEqual({ info_hash: torrent.id, already: false });
  const base64 = Buffer.from(torrent.bytes).toString('base64');
  expect(await program.call('add_torrent', { base64 })).toEqual({ info_hash: torrent.id, already: true });
  expect(await program.status(torrent.id)).toMatchObject({ state: 'paused', size: 150_000, name: 'folder' });
  expect(program.notices('metadata').map(({ params }) => params)).toEqual([
    {
      info_hash: torrent.id,
      name: 'folder',
      size: 150_000,
      files: [
        { path: ['folder', 'a.bin'], size: 100_000 },
        { path: ['folder', 'b', 'c.bin'], size: 50_000 },
      ],
    },
  ]);
  expect(await program.call('set_files', { info_hash: torrent.id, files: [1], priority: 'skip' })).toEqual({});
  expect(await program.status(torrent.id)).toMatchObject({ size: 100_000 });
  expect((await program.ask('set_files', { info_hash: torrent.id, files: [2], priority: 'skip' })).error).toMatchObject({
    code: -32000,
    data: { reason: 'no-such-file' },
  });
  expect((await program.ask('add_torrent', { path: '/nowhere.torrent' })).error).toMatchObject({
    code: -32000,
    data: { reason: 'file-not-read' },
  });
  expect((await program.ask('add_torrent', { base64: 'AAAA' })).error).toMatchObject({ code: -32000 });
  expect((await program.ask('add_torrent', { base64: 'no' })).error).toMatchObject({ code: -32602 });
  expect((await program.ask('add_torrent', { path, base64 })).error).toMatchObject({ code: -32602 });
  expect(await program.call('remove', { info_hash: torrent.id })).toEqual({});
  expect(await program.call('get_status')).toEqual({ torrents: [] });
  expect((await program.ask('get_status', { info_hash: torrent.id })).error?.data).toMatchObject({ reason: 'no-such-torrent' });
});

test('settings and limits are told, set and kept; what is no setting is refused by name', async () => {
  const program = start();
  const before = await program.call('get_settings');
  expect(before).toMatchObject({ max_connections: 200, encryption: 'prefer', alt_down_limit: 1_000_000 });
  expect(await program.call('set_settings', { max_connections: 50, utp: false })).toEqual({
    ...before,
    max_connections: 50,
    utp: false,
  });
  expect(await program.call('set_limits', { down_limit: 500_000 })).toEqual({});
  expect(await program.call('get_settings')).toMatchObject({ max_connections: 50, down_limit: 500_000, up_limit: 0 });
  for (const wrong of [{ maxConnections: 1 }, { max_connections: 0 }, { max_connections: '5' }, { __proto__: 1, nothing: 1 }]) {
    const { error } = await program.ask('set_settings', wrong);
    expect(error).toMatchObject({ code: -32602 });
    expect(error?.message).toMatch(/max_?[cC]onnections|nothing/);
  }
  expect((await program.ask('set_limits', { down_limit: 5 })).error).toMatchObject({ code: -32602 });
  await program.call('add_magnet', { uri: MAGNET });
  expect(await program.call('set_limits', { info_hash: HASH, up_limit: 20_000 })).toEqual({});
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const again = start({ home: program.home });
  expect(await again.call('get_settings')).toMatchObject({ max_connections: 50, utp: false, down_limit: 500_000 });
});

test('what is malformed is answered as such, and all that was asked before the end of stdin is answered', async () => {
  const program = start();
  const requests = Array.from({ length: 20 }, (_, id) => JSON.stringify({ jsonrpc: '2.0', id: `q${id}`, method: 'get_status' }));
  program.send(
    `{"jsonrpc": "2.0", "method"\n[]\n${requests.join('\n')}\n[${requests.join(',')}]\n{"jsonrpc":"2.0","method":"nothing"}`,
  );
  program.child.stdin?.end();
  expect(await program.ended).toBe(0);
  const [parse, invalid] = program.messages.filter(({ id }) => id === null);
  expect([parse?.error?.code, invalid?.error?.code]).toEqual([-32700, -32600]);
  const batch = program.messages.find(message => Array.isArray(message)) as unknown as { id: string }[];
  expect(batch.map(({ id }) => id)).toEqual(requests.map((_, id) => `q${id}`));
  expect(program.messages.filter(({ id }) => typeof id === 'string')).toHaveLength(20);
  expect(program.messages).toHaveLength(23);
});

test.each([
  ['SIGTERM', (program: Driver) => void program.child.kill('SIGTERM')],
  ['shutdown', (program: Driver) => program.send('{"jsonrpc":"2.0","method":"shutdown"}\n')],
  ['the end of stdin', (program: Driver) => void program.child.stdin?.end()],
])('it ends in order by %s, also where nobody takes its answers', async (_, end) => {
  const program = start();
  await program.call('add_magnet', { uri: MAGNET });
  program.child.stdout?.pause();
  // More than a pipe holds, and less than it waits for before it reads on.
  const request = '{"jsonrpc":"2.0","id":"q","method":"get_settings"}\n';
  program.send(request.repeat(1_000));
  end(program);
  const exited = new Promise(resolve => program.child.once('exit', (...how) => resolve(how)));
  expect(await exited).toEqual([0, null]);
  // What is left in the pipe may end in the middle of a line.
  program.child.stdout?.destroy();
  const again = start({ home: program.home });
  expect(await again.status(HASH)).toMatchObject({ name: 'hello' });
});

test('as many batches as come are answered, whatever they hold', async () => {
  const program = start();
  const requests = Array.from({ length: 100 }, () => `{"jsonrpc":"2.0","id":1,"method":"set_limits","params":{"down_limit":0}}`);
  program.send(`[${requests.join(',')}]\n`.repeat(64));
  await until(() => program.messages.length === 64, 'all are answered');
  const results = (program.messages as unknown as RpcMessage[][]).flat().map(({ result }) => result);
  expect(results).toEqual(Array.from({ length: 6_400 }, () => ({})));
});

test('a home that a running program holds is an error at once, told to each request, and the holder goes on', async () => {
  const one = start();
  await one.call('get_status');
  const two = start({ home: one.home });
  const refused = await two.ask('get_status');
  expect(refused.error).toMatchObject({ code: -32000, data: { reason: 'not-started' } });
  expect(refused.error?.message).toContain(one.home);
  expect(two.messages[0]).toMatchObject({ id: null, error: { code: -32000 } });
  expect(await two.ended).toBe(1);
  expect(two.stderr).toMatch(/process \d+\).*--home/);
  expect(await one.call('get_status')).toEqual({ torrents: [] });
});

test('nothing outlives it that was killed, and the next one goes on', async () => {
  const one = start();
  await one.call('add_magnet', { uri: MAGNET });
  const pids = childrenOf(one.child.pid ?? 0);
  expect(pids).toHaveLength(1);
  await one.kill();
  await until(() => pids.every(pid => !isAlive(pid)), 'its io-daemon has ended');
  const two = start({ home: one.home });
  expect(await two.status(HASH)).toMatchObject({ name: 'hello', state: 'metadata' });
});

test('what is answered outlives a death right after', async () => {
  const torrent = makeTorrent({ 'a.bin': 100_000 }, 16_384, 972);
  const base64 = Buffer.from(torrent.bytes).toString('base64');
  const home = join(tempFolder(), 'home');
  const ofIt = { info_hash: torrent.id };
  const one = start({ home });
  await one.call('add_torrent', { base64, paused: true });
  await one.kill();
  const two = start({ home });
  expect(await two.status(torrent.id)).toMatchObject({ state: 'paused', size: 100_000 });
  await two.call('resume', ofIt);
  await two.kill();
  const three = start({ home });
  expect((await three.status(torrent.id)).state).not.toBe('paused');
  await three.call('remove', ofIt);
  await three.kill();
  const four = start({ home });
  expect(await four.call('get_status')).toEqual({ torrents: [] });
});

test('the port that the app stands on is neither taken nor changed, and no pairing link is written', async () => {
  const home = join(tempFolder(), 'home');
  const kept = createServer();
  await new Promise<void>(resolve => kept.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void kept.close());
  const address = kept.address();
  const file = JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 });
  const one = start({ home });
  await one.call('shutdown');
  await one.ended;
  expect(existsSync(join(home, 'host.json'))).toBe(false);
  writeFileSync(join(home, 'host.json'), file);
  const two = start({ home });
  await two.call('get_status');
  expect(readFileSync(join(home, 'host.json'), 'utf8')).toBe(file);
  expect(existsSync(join(home, 'pair'))).toBe(false);
});

test('a port to listen on that is taken ends it at once, in words', async () => {
  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const program = start({ listen: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
  expect(await program.ended).toBe(1);
  expect(program.stderr).toContain('--listen');
  expect(program.messages[0]?.error?.message).toContain('cannot be listened on');
});

test.each([
  ['192.0.2.1:6881', { address: '192.0.2.1', port: 6881 }],
  ['[2001:db8::1]:0', { address: '2001:db8::1', port: 0 }],
  ['0.0.0.0:1', { address: '', port: 1 }],
  ['[::]:1', { address: '', port: 1 }],
  ['*:65535', { address: '', port: 65_535 }],
  [':6881', { address: '', port: 6881 }],
])('where peers reach it is read from %s', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test.each([
  '6881',
  '192.0.2.1',
  '192.0.2.1:',
  '192.0.2.1:65536',
  '[192.0.2.1]:1',
  '2001:db8::1:1',
  '[2001:db8::1]',
  'name:1',
  '1.2.3:1',
])('where peers reach it is not read from %s', text => {
  expect(() => parseListen(text)).toThrow(UsageError);
});
