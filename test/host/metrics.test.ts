import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { textOf } from '../../daemon/host/http/metrics.ts';
import { control, pair, raw, testHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

function tokenOf(home: string): string {
  return readFileSync(join(home, 'metrics-token'), 'utf8').trim();
}

async function scrape(host: { origin: string; home: string }, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${host.origin}/metrics`, { headers: { Authorization: `Bearer ${tokenOf(host.home)}`, ...headers } });
}

test('figures are for who has the token of the home, and for no page', async () => {
  const host = await testHost();
  const token = tokenOf(host.home);
  expect(token).toHaveLength(43);
  expect(statSync(join(host.home, 'metrics-token')).mode & 0o077).toBe(0);
  expect((await scrape(host)).status).toBe(200);

  const appToken = await pair(host);
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}x`,
    `Basic ${token}`,
    token,
    `Bearer ${appToken}`,
  ];
  for (const authorization of wrong) {
    const answer = await scrape(host, { Authorization: authorization });
    expect([authorization, answer.status]).toEqual([authorization, 401]);
    expect(await answer.text()).not.toContain('starling_');
  }
  expect((await fetch(`${host.origin}/metrics`)).status).toBe(401);

  // A browser's fetch sends one of these at least.
  for (const page of [{ Origin: host.origin }, { Origin: 'https://evil.example' }, { Origin: 'null' }]) {
    expect((await scrape(host, page)).status, JSON.stringify(page)).toBe(403);
  }
  const lines = (more: string): string =>
    `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nAuthorization: Bearer ${token}\r\n${more}Connection: close\r\n\r\n`;
  expect(await raw(host.port, lines(''))).toMatch(/^HTTP\/1.1 200 /);
  expect(await raw(host.port, lines('Sec-Fetch-Site: same-origin\r\n'))).toMatch(/^HTTP\/1.1 403 /);
  expect(await raw(host.port, lines('').replace('127.0.0.1', 'localhost'))).toMatch(/^HTTP\/1.1 421 /);

  // It opens nothing else.
  const client = await control(host, token);
  expect(await client.closed).toBe(4003);
});

test('figures are of the host and, while there is one, of the io-daemon', async () => {
  const host = await testHost();
  const before = await (await scrape(host)).text();
  expect(before).toContain('\nstarling_host_io_up 0\n');
  expect(before).toContain('\nstarling_host_io_starts_total 0\n');
  expect(before).not.toContain('starling_io_');
  const client = await control(host, await pair(host));
  await client.welcome(welcome => welcome.io.state === 'RUNNING');
  const answer = await scrape(host);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  expect(text).toContain('\nstarling_host_io_up 1\n');
  expect(text).toContain('\nstarling_host_io_starts_total 1\n');
  expect(text).toContain('\nstarling_host_clients 1\n');
  expect(text).toContain(
    '# HELP starling_io_hash_queue Jobs that wait\n# TYPE starling_io_hash_queue gauge\nstarling_io_hash_queue 7\n',
  );
  expect(text).toContain(
    '# TYPE starling_io_connect_total counter\nstarling_io_connect_total{result="a \\"b\\" \\\\ c\\n d"} 1\n',
  );
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"\})? -?\d+(\.\d+)?(e[+-]?\d+)?)$/);
  }
});

test('who asks is answered where the io-daemon is not, and all who ask at once by one question', async () => {
  const mute = await testHost({ ioMode: 'mute' });
  const client = await control(mute, await pair(mute));
  await client.welcome(welcome => welcome.io.state === 'RUNNING');
  const texts = await Promise.all([1, 2, 3].map(async () => (await scrape(mute)).text()));
  for (const text of texts) expect(text).toContain('\nstarling_host_io_up 0\n');
  await until(() => mute.heard().includes('"figures"'), 'it was asked');
  expect(mute.heard().split('"figures"')).toHaveLength(2);
});

test('the token stays over restarts, and is made anew where it is none', async () => {
  const home = tempFolder();
  const first = await testHost({ home });
  const token = tokenOf(home);
  await first.stop();
  const second = await testHost({ home });
  expect(tokenOf(home)).toBe(token);
  await second.stop();
  writeFileSync(join(home, 'metrics-token'), 'short');
  await testHost({ home });
  expect(tokenOf(home)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(tokenOf(home)).not.toBe(token);
});

test('no figure is no text', () => {
  expect(textOf('x_', [])).toBe('');
});
