/** `/read`, `/write` and `/hash` of the io-daemon, and what everything that is asked by HTTP has in common. */
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStatus, Op } from '../../daemon/wire/frames.ts';
import { ROUTES } from '../../daemon/io/requests/routes.ts';
import { openFile, payload, sha1 } from './fixture.ts';
import { IoProcess, ORIGIN, ROOT } from './io-process.ts';
import { Asker, at, base64, jsonOf, writing } from './requests.ts';

const MiB = 1 << 20;

let io: IoProcess;
let page: Asker;

beforeAll(async () => {
  io = await IoProcess.start();
  page = new Asker(io, await io.admit());
});

afterAll(() => io.stop());

function below(...names: string[]): string {
  return join(io.root, ...names);
}

describe('the door', () => {
  it('lets in one origin with one ticket, on every route', async () => {
    for (const { path, methods } of ROUTES) {
      const [method] = methods;
      const target = path.endsWith('/') ? `${path}${ROOT}` : path;
      const ask = (headers: Record<string, string | undefined>) => page.ask({ method: method ?? 'GET', path: target, headers });
      for (const origin of ['http://evil.com', 'null', `${ORIGIN}.evil.com`, undefined]) {
        const answer = await ask({ origin });
        expect([path, answer.status, answer.headers['access-control-allow-origin']]).toEqual([path, 403, undefined]);
      }
      expect([path, (await ask({ host: 'evil.com' })).status]).toEqual([path, 403]);
      expect([path, (await ask({ authorization: undefined })).status]).toEqual([path, 401]);
      expect([path, (await ask({ authorization: `Bearer ${page.ticket}x` })).status]).toEqual([path, 401]);
      expect([path, (await ask({ authorization: `Basic ${page.ticket}` })).status]).toEqual([path, 401]);
      const wrong = await page.ask({ method: methods[0] === 'GET' ? 'POST' : 'GET', path: target });
      expect([path, wrong.status, wrong.headers.allow]).toEqual([path, 405, [...methods, 'OPTIONS'].join(', ')]);
    }
    expect((await page.get('/')).status).toBe(404);
    expect((await page.get('/read')).status).toBe(404);
    expect((await page.get(`/read/${ROOT}?x=1`)).status).toBe(404);
    expect((await page.get('/control/ping/')).status).toBe(404);
  });

  it('tells a browser beforehand which method and headers a route takes', async () => {
    const answer = await page.ask({ method: 'OPTIONS', path: `/write/${ROOT}`, headers: { authorization: undefined } });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, x-path-base64, x-file-size, x-offset, x-expected-sha1',
    });
    const foreign = await page.ask({ method: 'OPTIONS', path: `/write/${ROOT}`, headers: { origin: 'http://evil.com' } });
    expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });

  it('answers a root that is unknown or forged as any other that is none', async () => {
    writeFileSync(below('there'), 'x');
    const answers = new Set<string>();
    for (const root of ['unknown', ROOT.slice(1), `${ROOT}x`, ROOT.toUpperCase(), '..', '%2e%2e', 'a'.repeat(256), 'é']) {
      for (const path of ['there', 'not-there', 'there/below']) {
        const { status, headers, bytes } = await page.get(`/read/${encodeURI(root)}`, at(path));
        answers.add(JSON.stringify([status, { ...headers, date: '' }, bytes.toString()]));
      }
      const body = Buffer.from('x');
      expect((await page.post(`/write/${encodeURI(root)}`, writing('there', body, 0, 1), body)).status).toBe(403);
      for (const what of ['stat', 'list', 'free']) {
        expect((await page.get(`/files/${what}/${encodeURI(root)}`, at('there'))).status).toBe(403);
      }
      for (const what of ['delete', 'truncate']) {
        const headers = at('there', { 'x-file-size': 1, 'x-length': 0 });
        expect((await page.post(`/files/${what}/${encodeURI(root)}`, headers)).status).toBe(403);
      }
    }
    expect(answers.size).toBe(1);
    expect(readFileSync(below('there'), 'utf8')).toBe('x');
  });

  it('takes no request with a body where none belongs, and none without its length where it is held', async () => {
    const body = Buffer.from('x');
    expect((await page.post(`/files/delete/${ROOT}`, at('none', { 'x-file-size': 1 }), body)).status).toBe(400);
    expect((await page.ask({ path: '/control/ping', headers: { 'content-length': '0' } })).status).toBe(400);
    const chunked = { ...writing('chunked', body, 0, 1), 'content-length': undefined, 'transfer-encoding': 'chunked' };
    expect((await page.post(`/write/${ROOT}`, chunked, body)).status).toBe(411);
    expect(existsSync(below('chunked'))).toBe(false);
  });

  it('says which daemon this is', async () => {
    expect(jsonOf(await page.get('/control/ping'))).toMatchObject({ version: 'test' });
  });
});

describe('/read', () => {
  const content = payload(3 * MiB + 7);

  beforeAll(() => {
    mkdirSync(below('Füße'));
    writeFileSync(below('Füße', 'film'), content);
    writeFileSync(below('empty'), '');
    writeFileSync(below('one'), content.subarray(0, 10));
    linkSync(below('one'), below('other'));
    symlinkSync(below('Füße'), below('folder-link'));
    symlinkSync(below('Füße', 'film'), below('file-link'));
  });

  it('gives a file, or the part that is asked for in either spelling', async () => {
    const parts: [Record<string, string | number>, number, number, number][] = [
      [{}, 200, 0, content.length],
      [{ range: 'bytes=100-', 'if-range': '"x"' }, 200, 0, content.length],
      [{ 'x-offset': 100, 'x-length': MiB }, 200, 100, 100 + MiB],
      [{ 'x-offset': 100 }, 200, 100, content.length],
      [{ 'x-length': 5 }, 200, 0, 5],
      [{ 'x-offset': content.length }, 200, content.length, content.length],
      [{ 'x-offset': 5, 'x-length': 0 }, 200, 5, 5],
      [{ range: 'bytes=100-199' }, 206, 100, 200],
      [{ range: 'bytes=-300' }, 206, content.length - 300, content.length],
      [{ range: 'bytes=3145728-' }, 206, 3 * MiB, content.length],
      [{ range: 'bytes=5-3' }, 200, 0, content.length],
      [{ range: 'bytes=0-1,4-5' }, 200, 0, content.length],
    ];
    for (const [headers, status, from, to] of parts) {
      const answer = await page.get(`/read/${ROOT}`, at('Füße/film', headers));
      expect([headers, answer.status, answer.bytes.length]).toEqual([headers, status, to - from]);
      expect(answer.bytes.equals(content.subarray(from, to))).toBe(true);
      expect(answer.headers['content-range']).toBe(status === 206 ? `bytes ${from}-${to - 1}/${content.length}` : undefined);
    }
    const head = await page.ask({ method: 'HEAD', path: `/read/${ROOT}`, headers: at('Füße/film') });
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([200, String(content.length), 0]);
    expect(head.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' });
    const empty = await page.get(`/read/${ROOT}`, at('empty'));
    expect([empty.status, empty.bytes.length]).toEqual([200, 0]);
  });

  it('gives nothing beyond the end', async () => {
    const asked: readonly Readonly<Record<string, string | number>>[] = [
      { 'x-offset': content.length + 1 },
      { 'x-offset': content.length, 'x-length': 1 },
      { 'x-length': Number.MAX_SAFE_INTEGER },
      { 'x-offset': Number.MAX_SAFE_INTEGER, 'x-length': Number.MAX_SAFE_INTEGER },
      { range: `bytes=${content.length}-` },
    ];
    for (const headers of asked) {
      const answer = await page.get(`/read/${ROOT}`, at('Füße/film', headers));
      expect([headers, answer.status]).toEqual([headers, 416]);
      expect(answer.headers['content-range']).toBe(`bytes */${content.length}`);
    }
  });

  it('takes no number that is none', async () => {
    const numbers = [
      '-1',
      '1e3',
      'NaN',
      '',
      ' ',
      '0x10',
      '1.0',
      '+1',
      '01',
      '9007199254740992',
      '99999999999999999999',
      'Infinity',
    ];
    for (const number of numbers) {
      for (const name of ['x-offset', 'x-length']) {
        const answer = await page.get(`/read/${ROOT}`, at('Füße/film', { [name]: number }));
        expect([name, number, answer.status]).toEqual([name, number, 400]);
      }
    }
    const twice = { ...at('Füße/film'), 'x-offset': ['1', '1'] };
    expect((await page.get(`/read/${ROOT}`, twice)).status).toBe(400);
    expect((await page.get(`/read/${ROOT}`, at('Füße/film', { 'x-offset': 1, range: 'bytes=1-' }))).status).toBe(400);
  });

  it('takes no path that could lead elsewhere', async () => {
    const paths = ['', '..', '../x', 'Füße/../one', '/one', 'Füße//film', './one', 'Füße/', 'a\\b', 'a\0b', 'n'.repeat(256)];
    for (const path of paths) expect([path, (await page.get(`/read/${ROOT}`, at(path))).status]).toEqual([path, 400]);
    for (const text of [undefined, 'b25l=', 'b25', '!!!!', 'b2 5l', base64('one').replace('b', '-'), '/w==']) {
      expect([text, (await page.get(`/read/${ROOT}`, { 'x-path-base64': text })).status]).toEqual([text, 400]);
    }
    expect((await page.get(`/read/${ROOT}`, { 'x-path-base64': [base64('one'), base64('one')] })).status).toBe(400);
    expect((await page.get(`/read/${ROOT}`, at('nothing'))).status).toBe(404);
    expect((await page.get(`/read/${ROOT}`, at('nothing/below'))).status).toBe(404);
    for (const path of ['file-link', 'folder-link/film', 'other']) {
      expect([path, (await page.get(`/read/${ROOT}`, at(path))).status]).toEqual([path, 403]);
    }
    for (const path of ['Füße', 'one/below']) {
      expect([path, (await page.get(`/read/${ROOT}`, at(path))).status]).toEqual([path, 409]);
    }
  });
});

describe('/write', () => {
  it('writes pieces of a file at their places, in any order, and never cuts what is there', async () => {
    const content = payload(2 * MiB + 5);
    const piece = (from: number, to: number) => {
      const bytes = content.subarray(from, to);
      return page.post(`/write/${ROOT}`, writing('New/Folder/film', bytes, from, content.length), bytes);
    };
    expect((await piece(MiB, 2 * MiB)).status).toBe(200);
    expect((await piece(2 * MiB, content.length)).status).toBe(200);
    const last = await piece(0, MiB);
    expect([last.status, jsonOf(last)]).toMatchObject([200, { size: content.length }]);
    expect(readFileSync(below('New', 'Folder', 'film')).equals(content)).toBe(true);
    expect((await page.post(`/write/${ROOT}`, writing('New/empty', Buffer.alloc(0), 0, 0))).status).toBe(200);
    expect(readFileSync(below('New', 'empty')).length).toBe(0);
  });

  it('changes nothing where the bytes are not the expected ones', async () => {
    const bytes = payload(1000);
    const wrong = { ...writing('Wrong/film', bytes, 0, 1000), 'x-expected-sha1': sha1(payload(1000)).toString('hex') };
    const answer = await page.post(`/write/${ROOT}`, wrong, bytes);
    expect([answer.status, jsonOf(answer)]).toEqual([409, { error: 'digest' }]);
    expect(existsSync(below('Wrong'))).toBe(false);
    writeFileSync(below('right'), bytes);
    expect((await page.post(`/write/${ROOT}`, { ...wrong, 'x-path-base64': base64('right') }, bytes.fill(1, 0, 5))).status).toBe(
      409,
    );
    expect(readFileSync(below('right')).subarray(0, 5).equals(Buffer.alloc(5, 1))).toBe(false);
  });

  it('takes no digest that is none, and no write without one', async () => {
    const body = Buffer.from('abc');
    for (const digest of [undefined, '', 'abc', 'g'.repeat(40), 'a'.repeat(64), ['a'.repeat(40), 'a'.repeat(40)]]) {
      const headers = { ...writing('undigested', body, 0, 3), 'x-expected-sha1': digest };
      expect([digest, (await page.post(`/write/${ROOT}`, headers, body)).status]).toEqual([digest, 400]);
    }
    expect(existsSync(below('undigested'))).toBe(false);
  });

  it('keeps to the declared size, and to the longest body', async () => {
    const body = Buffer.from('abc');
    for (const [offset, size] of [
      [0, 2],
      [8, 10],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ] as const) {
      expect((await page.post(`/write/${ROOT}`, writing('beyond', body, offset, size), body)).status).toBe(416);
    }
    const headers = writing('beyond', body, 0, Number.MAX_SAFE_INTEGER);
    for (const length of [32 * MiB + 1, Number.MAX_SAFE_INTEGER]) {
      const answer = await page.post(`/write/${ROOT}`, { ...headers, 'content-length': String(length) }, body).catch(() => null);
      expect(answer?.status).toBe(413);
    }
    expect((await page.post(`/write/${ROOT}`, { ...headers, 'content-length': '9007199254740993' }, body)).status).toBe(400);
    expect(existsSync(below('beyond'))).toBe(false);
    // What is longer than declared is no file of this name.
    writeFileSync(below('longer'), payload(20));
    expect((await page.post(`/write/${ROOT}`, writing('longer', body, 0, 10), body)).status).toBe(409);
    const { limits } = await hello();
    expect(limits).toMatchObject({ writeBody: 32 * MiB, requests: 32 });
  });

  it('follows no link and leaves other names of a file alone', async () => {
    const body = Buffer.from('abc');
    writeFileSync(below('twin'), 'xyz');
    linkSync(below('twin'), below('its-twin'));
    mkdirSync(below('real'));
    symlinkSync(below('real'), below('way'));
    symlinkSync(below('real', 'target'), below('leaf'));
    for (const path of ['twin', 'way/film', 'leaf']) {
      expect([path, (await page.post(`/write/${ROOT}`, writing(path, body, 0, 3), body)).status]).toEqual([path, 403]);
    }
    expect(readFileSync(below('its-twin'), 'utf8')).toBe('xyz');
    expect(readdirSync(below('real'))).toEqual([]);
  });

  it('shares a file with the engine that has it open, and with nobody who declares another size', async () => {
    const client = await io.connect(page.ticket);
    const bytes = payload(100);
    expect((await openFile(client, 1, 'shared', 200)).status).toBe(FileStatus.OK);
    expect((await page.post(`/write/${ROOT}`, writing('shared', bytes, 100, 200), bytes)).status).toBe(200);
    expect((await page.post(`/write/${ROOT}`, writing('shared', bytes, 100, 300), bytes)).status).toBe(409);
    expect(readFileSync(below('shared')).subarray(100).equals(bytes)).toBe(true);
    await client.close();
  });

  it('takes nothing under a ticket that was good when it came and is no more', async () => {
    const before = new Asker(io, await io.admit());
    page = new Asker(io, await io.admit());
    const bytes = payload(10);
    expect((await before.post(`/write/${ROOT}`, writing('late', bytes, 0, 10), bytes)).status).toBe(401);
    expect(existsSync(below('late'))).toBe(false);
  });
});

describe('/hash', () => {
  it('gives the digest of what it is sent, whatever its length', async () => {
    for (const length of [0, 1, MiB - 1, MiB, MiB + 1, 3 * MiB, 5 * MiB + 3]) {
      const bytes = payload(length);
      for (const algorithm of ['sha1', 'sha256']) {
        const answer = await page.post(`/hash/${algorithm}`, {}, bytes);
        expect(jsonOf(answer)).toEqual({ digest: createHash(algorithm).update(bytes).digest('hex') });
      }
    }
    expect((await page.post('/hash/md5', {}, payload(1))).status).toBe(404);
  });

  it('has a longest body', async () => {
    const headers = { 'content-length': String(2 ** 36 + 1) };
    expect((await page.post('/hash/sha1', headers, payload(10))).status).toBe(413);
  });
});

async function hello() {
  const client = await io.connect(page.ticket);
  const { hello: said } = await client.ask({ op: Op.CLIENT_HELLO, hello: { version: 'test' } }, Op.SERVER_HELLO);
  await client.close();
  return said;
}

describe('memory', () => {
  it('stays where it is, whatever a request says of its length', async () => {
    const client = await io.connect(page.ticket);
    const rss = async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.rss;
    writeFileSync(below('sparse'), '');
    truncateSync(below('sparse'), 2 ** 40);
    const before = await rss();
    for (let round = 0; round < 50; round++) {
      for (const length of ['9007199254740992', '-1', 'NaN', String(Number.MAX_SAFE_INTEGER)]) {
        expect((await page.get(`/read/${ROOT}`, at('sparse', { 'x-length': length }))).status).toBeGreaterThanOrEqual(400);
      }
      await page.get(`/read/${ROOT}`, at('sparse', { 'x-offset': 2 ** 40 - MiB, 'x-length': MiB }));
    }
    expect((await rss()) - before).toBeLessThan(64 * MiB);
    await client.close();
  });
});
