import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sourceOf } from '../rules/page.ts';
import { INSTALL_ID, newSecret, pair, pairWebsite, raw, testHost } from './host.ts';
import { until } from './temp.ts';

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);

test('Host: exactly one, exactly ours, before anything is looked at', async () => {
  const { port } = await testHost();
  const own = `127.0.0.1:${port}`;
  const get = async (...hosts: string[]): Promise<number> =>
    statusOf(
      await raw(port, `GET /health HTTP/1.1\r\n${hosts.map(host => `Host: ${host}\r\n`).join('')}Connection: close\r\n\r\n`),
    );
  expect(await get(own)).toBe(200);
  for (const host of [
    'evil.com',
    `evil.com:${port}`,
    `127.0.0.1.evil.com:${port}`,
    `localhost:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
  ]) {
    expect(await get(host), host).toBe(421);
  }
  expect(await get()).toBe(400);
  expect(await get(own, 'evil.com')).toBe(400);
  expect(await get('evil.com', own)).toBe(400);
  expect(await get(own, own)).toBe(400);
  expect(statusOf(await raw(port, 'GET /health HTTP/1.0\r\n\r\n'))).toBe(400);
  expect(statusOf(await raw(port, `GET http://evil.com/health HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`))).toBe(400);
  expect(statusOf(await raw(port, `DELETE / HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`))).toBe(405);
});

const foreignOrigins = (port: number): readonly string[] => [
  'http://evil.com',
  'null',
  '',
  `http://127.0.0.1:${port}.evil.com`,
  `http://127.0.0.1:${port}0`,
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}`,
  `HTTP://127.0.0.1:${port}`,
];

test('Origin: ours or, where a browser sends none, none; no answer allows another', async () => {
  const { port, origin } = await testHost();
  const ask = (method: string, path: string, headers: string): Promise<string> =>
    raw(
      port,
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  for (const foreign of foreignOrigins(port)) {
    for (const path of ['/', '/health', '/sw.js']) {
      const answer = await ask('GET', path, `Origin: ${foreign}\r\n`);
      expect(statusOf(answer), `${path} from ${foreign}`).toBe(403);
      expect(answer.toLowerCase()).not.toContain('access-control-allow');
    }
    expect(statusOf(await ask('POST', '/pair', `Origin: ${foreign}\r\n`)), foreign).toBe(403);
  }
  expect(statusOf(await ask('GET', '/', `Origin: ${origin}\r\n`))).toBe(200);
  expect(statusOf(await ask('GET', '/', ''))).toBe(200);
  expect(statusOf(await ask('GET', '/', `Origin: ${origin}\r\nOrigin: ${origin}\r\n`))).toBe(403);
  expect(statusOf(await ask('POST', '/pair', ''))).toBe(403);
  expect(statusOf(await ask('POST', '/pair', `Origin: ${origin}\r\nContent-Type: text/plain\r\n`))).toBe(415);
});

test('a path that leads on to another one is none', async () => {
  const { port } = await testHost();
  const ask = async (method: string, path: string): Promise<number> =>
    statusOf(
      await raw(port, `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
    );
  for (const path of ['/local/../pair', '/local/%2e%2e/pair', '/local/.%2E/pair', '/local/..\\pair', '/local\\..\\pair']) {
    expect(await ask('POST', path), path).toBe(400);
  }
  for (const path of ['/./health', '/sw.js/../health']) expect(await ask('GET', path), path).toBe(400);
  expect(await ask('GET', '/health?a=%2e%2e/&b=%C3%A9')).not.toBe(400);
  expect(await ask('POST', '/local/pair')).toBe(401);
});

test('what a foreign page can send without asking changes nothing', async () => {
  const host = await testHost();
  const secret = await newSecret(host);
  const body = JSON.stringify({ secret, installId: 'install-0001' });
  // A form, an image, a link, a beacon: with an Origin of its own, or with none where it is a GET.
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json'];
  for (const path of ['/pair', '/local/link', '/health', '/control', '/']) {
    for (const type of types) {
      for (const origin of ['http://evil.com', 'null']) {
        const headers = `Origin: ${origin}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n`;
        const answer = await raw(host.port, `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n${headers}\r\n${body}`);
        expect(statusOf(answer), `${path} ${type}`).toBe(403);
      }
    }
    for (const query of ['', `?secret=${secret}&installId=install-0001`]) {
      const answer = await raw(
        host.port,
        `GET ${path}${query} HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, path).not.toContain('token');
      expect(statusOf(answer), path).toBe(['/health', '/'].includes(path) ? 200 : 404);
    }
  }
  // Of all that, nothing used the link up, nor made another.
  const json = { method: 'POST', headers: { Origin: host.origin, 'Content-Type': 'application/json' }, body };
  expect((await fetch(`${host.origin}/pair`, json)).status).toBe(200);
});

test('upgrades: /control alone, from our origin or one that is paired, and no 101 to anyone else', async () => {
  const host = await testHost({ answer: 'allow' });
  const { port, origin } = host;
  const upgrade = async (path: string, headers: string): Promise<number> => {
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
    return statusOf(
      await raw(
        port,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}${headers}\r\n`,
      ),
    );
  };
  expect(await upgrade('/control', `Origin: ${origin}\r\n`)).toBe(101);
  expect(await upgrade('/control', '')).toBe(403);
  for (const foreign of foreignOrigins(port)) expect(await upgrade('/control', `Origin: ${foreign}\r\n`), foreign).toBe(403);
  expect(await upgrade('/control?x', `Origin: ${origin}\r\n`)).toBe(404);
  expect(await upgrade('/io', `Origin: ${origin}\r\n`)).toBe(404);
  const website = 'https://app.example';
  expect(await upgrade('/control', `Origin: ${website}\r\n`)).toBe(403);
  await pairWebsite(host, website);
  expect(await upgrade('/control', `Origin: ${website}\r\n`)).toBe(101);
  for (const other of ['http://app.example', `${website}.evil`, `${website}:8443`, 'https://app.exampl', `${website}/`]) {
    expect(await upgrade('/control', `Origin: ${other}\r\n`), other).toBe(403);
  }
  expect(await upgrade('/control', `Origin: ${website}\r\nOrigin: ${website}\r\n`)).toBe(403);
});

/** A socket that asks for an upgrade and never closes its own half. */
async function halfOpen(port: number, path: string, origin: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
  );
  await until(() => answer.includes('\r\n\r\n'), 'an answer');
  return { socket, answer: () => answer };
}

test('a refused upgrade is closed although the other end keeps its half open', async () => {
  const { port } = await testHost();
  const { socket, answer } = await halfOpen(port, '/control', 'http://evil.com');
  await until(() => socket.readableEnded || socket.destroyed, 'the answer at its end');
  expect(statusOf(answer())).toBe(403);
  // A host that had closed its half alone would go on taking bytes; one that closed the socket answers them with a reset.
  await until(() => socket.destroyed || (socket.write('x'), false), 'closed');
});

test('the host stops although upgraded and idle sockets stay open at the other end', async () => {
  const host = await testHost();
  await halfOpen(host.port, '/control', host.origin);
  await halfOpen(host.port, '/io', host.origin);
  const idle = connect({ port: host.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void idle.destroy());
  await new Promise(resolve => idle.once('connect', resolve));
  await host.stop();
});

test('a website is to send what the host sends, and the pages hold the same policy', async () => {
  const { origin } = await testHost();
  const { headers } = await fetch(`${origin}/`);
  const said = /```\n(Content-Security-Policy: .*?)```/s.exec(sourceOf('docs/WEBSITE.md'))?.[1] ?? '';
  const lines = said.trim().split('\n');
  expect(lines).toHaveLength(5);
  for (const line of lines) {
    const [name = '', ...value] = line.split(': ');
    expect(headers.get(name)).toBe(value.join(': '));
  }
  const worker = (await fetch(`${origin}/sw.js`)).headers.get('content-security-policy');
  expect(worker).toBe(headers.get('content-security-policy')?.replace('http://127.0.0.1:*', 'http: https:'));
  expect(sourceOf('docs/WEBSITE.md')).toContain('`http: https:` in the place of `http://127.0.0.1:*`');
  const quickPage = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(sourceOf('web/quick.html'))?.[1];
  const quick = (await fetch(`${origin}/quick.html`)).headers.get('content-security-policy');
  expect(quick).toBe(
    headers.get('content-security-policy')?.replace(/connect-src [^;]*/, "connect-src 'self' http: https: wss:"),
  );
  expect(sourceOf('docs/WEBSITE.md')).toContain("`connect-src 'self' http: https: wss:`");
  // That one counts in a header alone.
  expect(quickPage).toBe(quick?.replace("frame-ancestors 'none'; ", ''));
  const policy = headers.get('content-security-policy')?.replace("frame-ancestors 'none'; ", '');
  for (const page of ['web/index.html', 'web/approve.html']) {
    expect(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(sourceOf(page))?.[1]).toBe(policy);
  }
  const name = /^const NAME = '(\w+)';$/m.exec(sourceOf('web/script-url.ts'))?.[1];
  expect(policy).toContain(`trusted-types ${name}`);
});

test('the app: strict policy on everything, hashed assets for ever, the rest asked for each time', async () => {
  const { origin } = await testHost();
  const page = await fetch(`${origin}/`);
  expect(await page.text()).toContain('<title>app</title>');
  for (const path of ['/', '/index.html', '/sw.js', '/health', '/nothing', '/assets/main-abc123.js']) {
    const { headers } = await fetch(origin + path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
    const reached = path === '/sw.js' ? 'http: https:' : 'http://127.0.0.1:*';
    expect(headers.get('content-security-policy')).toContain(`connect-src 'self' ${reached} ws://127.0.0.1:* wss:;`);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
  const cacheOf = async (path: string): Promise<string | null> => (await fetch(origin + path)).headers.get('cache-control');
  expect(await cacheOf('/')).toBe('no-cache');
  expect(await cacheOf('/sw.js')).toBe('no-cache');
  expect(await cacheOf('/assets/main-abc123.js')).toContain('immutable');
  const etag = page.headers.get('etag')!;
  expect((await fetch(`${origin}/`, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  expect((await fetch(`${origin}/sw.js`)).headers.get('content-type')).toContain('text/javascript');
});

test('nothing outside the built app is served', async () => {
  const { port } = await testHost();
  for (const path of ['/../heard', '/%2e%2e/heard', '/..%2fheard', '//etc/passwd', '/assets', '/assets/', '/.built-from']) {
    const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    // One that leads on to another path is none at all.
    expect(statusOf(answer), path).toBe(path.slice(1).startsWith('../') || path.startsWith('/%2e') ? 400 : 404);
  }
});

test('/health tells the name and the version, and nothing of this host', async () => {
  const { origin } = await testHost();
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ name: 'starling', version: '0.0.0-test' });
});

test('POST /pair: paired once, then a clear answer; the redirect file goes with its link', async () => {
  const host = await testHost();
  const post = async (body: unknown): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${host.origin}/pair`, {
      method: 'POST',
      headers: { Origin: host.origin, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const file = await host.newLink();
  const secret = /#pair=([\w-]+)/.exec(readFileSync(file, 'utf8'))![1]!;
  expect((await post({ secret, installId: 'install-0001' })).status).toBe(200);
  expect(existsSync(file)).toBe(false);
  const again = await post({ secret, installId: 'install-0001' });
  expect(again.status).toBe(410);
  expect(again.text).toContain('used or is older than two minutes');
  for (const bad of ['', '{', '[]', {}, { secret }, { secret: 1, installId: 'install-0001' }, { secret, installId: '../x' }]) {
    expect((await post(bad)).status).toBe(400);
  }
  expect((await post('x'.repeat(2000))).status).toBe(413);
  const statuses: number[] = [];
  for (let n = 0; n < 7; n++) statuses.push((await post({ secret: `guess-${n}`, installId: 'install-0001' })).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect((await post({ secret: await newSecret(host), installId: 'install-0001' })).status).toBe(200);
});

test('a body has to say how long it is; none at all is one that says nothing', async () => {
  const { port } = await testHost();
  const head = `Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nConnection: close\r\n`;
  for (const path of ['/pair', '/status', '/approve', '/control/shutdown']) {
    const post = async (more: string, body = ''): Promise<number> =>
      statusOf(await raw(port, `POST ${path} HTTP/1.1\r\n${head}${more}\r\n${body}`));
    const isEnd = path === '/control/shutdown';
    expect([
      path,
      await post('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'),
    ]).toEqual([path, 411]);
    expect([path, await post('')]).toEqual([path, isEnd ? 401 : 415]);
    expect([path, await post('Content-Type: application/json\r\n')]).toEqual([path, isEnd ? 401 : 400]);
  }
});

test('the end is for the app that is paired to ask for, and for nobody else', async () => {
  const host = await testHost();
  let isAsked = false;
  void host.asked.then(() => (isAsked = true));
  const token = await pair(host);
  const right = { Origin: host.origin, Authorization: `Bearer ${token}`, 'X-Starling-Install': INSTALL_ID };
  const ask = async (headers: Record<string, string>, method = 'POST'): Promise<number> =>
    (await fetch(`${host.origin}/control/shutdown`, { method, headers })).status;
  for (const wrong of [
    { Authorization: '' },
    { Authorization: `Bearer ${token}x` },
    { Authorization: `Basic ${token}` },
    { 'X-Starling-Install': 'install-0002' },
    { 'X-Starling-Install': '' },
  ]) {
    expect(await ask({ ...right, ...wrong }), JSON.stringify(wrong)).toBe(401);
  }
  expect(await ask({ ...right, Origin: 'http://evil.com' })).toBe(403);
  expect(await ask(right, 'GET')).toBe(404);
  expect((await fetch(`${host.origin}/health`)).status).toBe(200);
  expect(isAsked).toBe(false);
  expect(await ask(right)).toBe(202);
  await host.asked;
});

test('the local door opens to the secret of the lock file alone, and to no page', async () => {
  const host = await testHost();
  const { secret } = JSON.parse(readFileSync(join(host.home, 'lock.json'), 'utf8')) as { secret: string };
  const knock = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request(`${host.origin}/local/link`, { method: 'POST', headers }, response => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', reject).end();
    });
  expect(await knock({})).toBe(401);
  expect(await knock({ 'x-starling-local': `${secret}x` })).toBe(401);
  expect(await knock({ 'x-starling-local': secret, Origin: 'http://evil.com' })).toBe(403);
  expect(await knock({ 'x-starling-local': secret })).toBe(200);
});
