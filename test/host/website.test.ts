/** An app from a website: how it comes to be paired, what it may do then, and how that ends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isWebsite } from '../../daemon/host/pairing/origins.ts';
import { ControlOp, type PairedApp } from '../../daemon/wire/control.ts';
import { Op } from '../../daemon/wire/frames.ts';
import { control, type ControlClient, controlSocket, INSTALL_ID, knock, pair, pairWebsite, raw, testHost } from './host.ts';
import { until } from './temp.ts';

const SITE = 'https://app.example';
const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
const apps = (client: ControlClient): readonly PairedApp[] =>
  client.frames.flatMap(frame => (frame.op === ControlOp.PAIRED_APPS ? [frame.apps] : [])).at(-1) ?? [];

test('an origin of a website is one as browsers write it, over https', () => {
  for (const good of [SITE, 'https://a-b.c_d.example:8443', 'https://xn--mnchen-3ya.example', 'https://[2001:db8::1]:8443']) {
    expect(isWebsite(good), good).toBe(true);
  }
  for (const bad of [
    'http://app.example',
    'null',
    '',
    'https://',
    'https://app.example/',
    'https://app.example:443',
    'https://app.example:0',
    'https://app.example:99999',
    'https://APP.example',
    'https://app.example.',
    'https://a"b.example',
    "https://a'b.example",
    'https://a$(id).example',
    'https://a&b.example',
    'https://a;b.example',
    'https://user@app.example',
    'https://app.example https://evil.example',
    'https://app.example\n',
    'https://127.1',
    'https://münchen.example',
    `https://${'a'.repeat(300)}.example`,
    'file://',
    'chrome-extension://abcdef',
  ]) {
    expect(isWebsite(bad), bad).toBe(false);
  }
});

test('three doors answer any https origin, and say so to that one alone; no other door does', async () => {
  const { port, origin } = await testHost();
  const ask = (method: string, path: string, headers = ''): Promise<string> =>
    raw(
      port,
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${SITE}\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  const json = 'Content-Type: application/json\r\n';
  for (const [method, path, status] of [
    ['GET', '/health', 200],
    ['POST', '/pair', 400],
    ['POST', '/status', 400],
    ['OPTIONS', '/health', 204],
    ['OPTIONS', '/pair', 204],
    ['OPTIONS', '/status', 204],
  ] as const) {
    const answer = await ask(method, path, method === 'POST' ? json : '');
    expect(statusOf(answer), `${method} ${path}`).toBe(status);
    expect(answer).toMatch(/\r\naccess-control-allow-origin: https:\/\/app\.example\r\n/i);
    expect(answer).toMatch(/\r\nvary: origin\r\n/i);
    expect(answer.toLowerCase()).not.toContain('allow-credentials');
    expect(answer.toLowerCase()).not.toContain('allow-private-network');
  }
  const preflight = await ask('OPTIONS', '/pair', 'Access-Control-Request-Private-Network: true\r\n');
  expect(preflight.toLowerCase()).toContain('\r\naccess-control-allow-private-network: true\r\n');
  expect(preflight.toLowerCase()).toContain('\r\naccess-control-allow-methods: post\r\n');
  expect(preflight.toLowerCase()).toContain('\r\naccess-control-allow-headers: content-type\r\n');
  for (const path of [
    '/',
    '/sw.js',
    '/health?x',
    '/pair/',
    '/control',
    '/control/shutdown',
    '/approve',
    '/local/link',
    '/metrics',
  ]) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await ask(method, path, json);
      expect(statusOf(answer), `${method} ${path}`).toBe(method === 'OPTIONS' ? 405 : 403);
      expect(answer.toLowerCase()).not.toContain('access-control');
    }
  }
  const plain = await ask('POST', '/pair', 'Content-Type: text/plain\r\n');
  expect(statusOf(plain)).toBe(415);
  expect(origin).not.toBe(SITE);
});

test('a paired website may open /control, and nothing else', async () => {
  const host = await testHost({ answer: 'allow' });
  await pairWebsite(host, SITE);
  for (const path of ['/', '/sw.js', '/control', '/control/shutdown', '/approve', '/local/link', '/metrics']) {
    for (const method of ['GET', 'POST']) {
      const request = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${SITE}\r\nContent-Length: 0\r\n`;
      const answer = await raw(host.port, `${request}Connection: close\r\n\r\n`);
      expect(statusOf(answer), `${method} ${path}`).toBe(403);
    }
  }
});

test('a website is paired by a yes, and its engine is let in by host and io-daemon under its own origin', async () => {
  const asked: string[] = [];
  const host = await testHost({
    answer: ({ origin }) => {
      asked.push(origin);
      return Promise.resolve('allow');
    },
  });
  const token = await pairWebsite(host, SITE, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0');
  expect(asked).toEqual([SITE]);
  const client = await control(host, token, INSTALL_ID, SITE);
  await client.welcome(({ io }) => io.state === 'RUNNING');
  expect(host.heard()).toContain(`"origin":"${SITE}"`);
  await until(() => apps(client).length === 1, 'the list of apps');
  expect(apps(client)).toMatchObject([{ name: 'Chrome on Linux', origin: SITE, isThis: true }]);
  // The token is good from that origin, said and meant, and from no other.
  const own = await pair(host);
  for (const [from, says, shows] of [
    [host.origin, SITE, token],
    [SITE, host.origin, token],
    [host.origin, host.origin, token],
    [SITE, SITE, own],
  ] as const) {
    const other = controlSocket(host, from);
    await new Promise(resolve => other.ws.once('open', resolve));
    other.send({ op: Op.AUTH, id: 1, token: shows, origin: says, installId: INSTALL_ID });
    expect(await other.closed, `${from} ${says}`).toBe(4003);
  }
});

test('a no gives no token, and the next has to wait', async () => {
  const host = await testHost({ answer: 'refuse' });
  const { id } = (await (await knock(host, 'pair', SITE, { installId: INSTALL_ID })).json()) as { id: string };
  await until(async () => (await (await knock(host, 'status', SITE, { id })).text()) === '{"state":"refused"}', 'the no');
  const again = await knock(host, 'pair', 'https://other.example', { installId: INSTALL_ID });
  expect(again.status).toBe(429);
  expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(readFileSync(join(host.home, 'logs/host.log'), 'utf8')).not.toContain('app.example');
});

test('a flood of pairing requests is one question, whoever they come from, and leaves room for everybody else', async () => {
  let questions = 0;
  const host = await testHost({
    answer: (_question, signal) => {
      questions++;
      return new Promise(resolve => signal.addEventListener('abort', () => resolve('refuse')));
    },
  });
  const inside = await control(host, await pair(host));
  await inside.welcome();
  const statuses: number[] = [];
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) {
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, m) => knock(host, 'pair', `https://n${n}-${m}.example`, { installId: INSTALL_ID })),
    );
    for (const answer of answers) {
      statuses.push(answer.status);
      const body = (await answer.json()) as { id?: string };
      if (body.id !== undefined) ids.push(body.id);
    }
  }
  expect(questions).toBe(1);
  expect(statuses.filter(status => status === 202)).toHaveLength(1);
  expect(statuses.filter(status => status === 429)).toHaveLength(499);
  // Taken back and asked again at once, as fast as can be: the second question has to wait.
  await knock(host, 'status', 'https://n0-0.example', { id: ids[0], cancel: true });
  for (let n = 0; n < 20; n++) {
    expect((await knock(host, 'pair', 'https://n0-0.example', { installId: INSTALL_ID })).status).toBe(429);
  }
  expect(questions).toBe(1);
  expect(inside.ws.readyState).toBe(inside.ws.OPEN);
  expect(await pair(host, 'install-0002')).toHaveLength(43);
});

test('a pairing link is for our own page: a website that has its secret gets nothing, and does not use it up', async () => {
  const host = await testHost({ answer: 'allow' });
  const secret = /#pair=([\w-]+)/.exec(readFileSync(await host.newLink(), 'utf8'))![1]!;
  expect((await knock(host, 'pair', SITE, { secret, installId: INSTALL_ID })).status).toBe(403);
  expect((await knock(host, 'pair', host.origin, { secret, installId: INSTALL_ID })).status).toBe(200);
});

test('what is asked without a token tells nothing of this host, its apps or its owner', async () => {
  const host = await testHost({ answer: 'refuse' });
  await pair(host);
  const answers = [
    await fetch(`${host.origin}/health`, { headers: { Origin: SITE } }),
    await knock(host, 'status', SITE, { id: 'guess' }),
    await knock(host, 'pair', SITE, { installId: INSTALL_ID }),
  ];
  const texts = await Promise.all(answers.map(answer => answer.text()));
  expect(texts.slice(0, 2)).toEqual(['{"name":"starling","version":"0.0.0-test","paired":false}', '{"state":"over"}']);
  expect(Object.keys(JSON.parse(texts[2]!) as object)).toEqual(['id', 'code']);
  for (const answer of answers) expect(answer.headers.get('cache-control')).toBe('no-store');
  const again = await knock(host, 'pair', 'https://other.example', { installId: INSTALL_ID });
  expect(await again.json()).toEqual({
    message: 'Another app asks to be paired, or somebody has just said no.',
    seconds: expect.any(Number) as number,
  });
});

test('an app is called by its browser and system, by words of ours alone', async () => {
  const host = await testHost({ answer: 'allow' });
  const client = await control(host, await pair(host));
  for (const [agent, name] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    ['<img src=x> Firefox/1 allow me Windows', 'Firefox on Windows'],
    ['curl/8', 'A browser'],
  ] as const) {
    await pairWebsite(host, SITE, agent);
    await until(() => apps(client).some(app => app.origin === SITE && app.name === name), name);
  }
});

test('one that is unpaired by another goes at once with all it has, and comes in no more', async () => {
  const host = await testHost({ answer: 'allow' });
  const own = await pair(host);
  const token = await pairWebsite(host, SITE);
  const client = await control(host, token, INSTALL_ID, SITE);
  const { epoch } = await client.welcome(({ io }) => io.state === 'RUNNING');
  await until(() => apps(client).length === 2, 'the list of apps');
  const [mine, other] = [apps(client).find(app => app.isThis)!, apps(client).find(app => !app.isThis)!];
  expect(other).toMatchObject({ name: 'A browser', origin: host.origin, usedAt: 0 });
  // As that connection is the one at work, it is cut off in the io-daemon as well.
  expect(host.heard()).not.toContain('dismiss');
  client.send({ op: ControlOp.UNPAIR, id: 5, app: mine.id });
  client.send({ op: ControlOp.STATE_WRITE, id: 6, epoch, writes: [{ key: 'late', value: Uint8Array.of(1) }] });
  expect(await client.closed).toBe(4003);
  expect(client.frames.at(-1)).toEqual({ op: ControlOp.EVENT, id: 0, event: { type: 'unpaired' } });
  await until(() => host.heard().includes('{"type":"dismiss"}'), 'the word to the io-daemon');
  await expect(control(host, token, INSTALL_ID, SITE)).rejects.toThrow('403');
  await until(() => !readFileSync(join(host.home, 'tokens.json'), 'utf8').includes(SITE), 'the end of it in the file');
  const left = await control(host, own);
  await left.welcome();
  left.send({ op: ControlOp.STATE_LOAD, id: 7, after: '' });
  const records = await left.find(
    (frame): frame is Extract<typeof frame, { op: typeof ControlOp.STATE_RECORDS }> => frame.op === ControlOp.STATE_RECORDS,
  );
  expect(records.records).toEqual([]);
  left.send({ op: ControlOp.UNPAIR, id: 8, app: 'nobody' });
  const answer = await left.find(
    (frame): frame is Extract<typeof frame, { op: typeof ControlOp.PAIRED_APPS }> =>
      frame.op === ControlOp.PAIRED_APPS && frame.id === 8,
  );
  expect(answer.apps).toMatchObject([{ id: other.id, isThis: true }]);
});

test('who is paired anew stays the app that it was, and what it had open goes with it', async () => {
  const host = await testHost();
  const old = await control(host, await pair(host));
  await old.welcome();
  await pair(host);
  await until(() => old.frames.filter(({ op }) => op === ControlOp.PAIRED_APPS).length > 1, 'the list of apps');
  expect(apps(old)).toMatchObject([{ isThis: true }]);
  old.send({ op: ControlOp.UNPAIR, id: 5, app: apps(old)[0]!.id });
  expect(await old.closed).toBe(4003);
});

test('an app that is forgotten as there are too many goes at once', async () => {
  const host = await testHost();
  const first = await control(host, await pair(host));
  await first.welcome();
  // It was used within the hour that has begun, so all that are paired from now on are younger.
  for (let n = 1; n <= 64; n++) await pair(host, `install-1${String(n).padStart(3, '0')}`);
  expect(await first.closed).toBe(4003);
  expect(first.frames.at(-1)).toEqual({ op: ControlOp.EVENT, id: 0, event: { type: 'unpaired' } });
});
