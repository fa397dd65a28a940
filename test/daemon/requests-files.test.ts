/** `/files/*` of the io-daemon. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileStatus } from '../../daemon/wire/frames.ts';
import { openFile, payload } from './fixture.ts';
import { IoProcess, ROOT } from './io-process.ts';
import { Asker, at, base64, jsonOf } from './requests.ts';

let io: IoProcess;
let page: Asker;

beforeAll(async () => {
  io = await IoProcess.start();
  page = new Asker(io, await io.admit());
});

afterAll(() => io.stop());

beforeEach(() => {
  for (const name of readdirSync(io.root)) rmSync(join(io.root, name), { recursive: true });
});

function below(...names: string[]): string {
  return join(io.root, ...names);
}

describe('/files/stat and /files/list', () => {
  it('tell what stands under a name, a link as itself', async () => {
    mkdirSync(below('Folder'));
    writeFileSync(below('Folder', 'film'), payload(77));
    symlinkSync('/etc', below('away'));
    const stat = async (path: string) => {
      const answer = await page.get(`/files/stat/${ROOT}`, at(path));
      return [answer.status, jsonOf(answer)];
    };
    const { mtimeMs } = statSync(below('Folder', 'film'));
    expect(await stat('Folder/film')).toEqual([200, { kind: 'file', size: 77, mtimeMs }]);
    expect(await stat('Folder')).toMatchObject([200, { kind: 'folder', size: 0 }]);
    expect(await stat('away')).toMatchObject([200, { kind: 'other', size: 0 }]);
    expect(await stat('away/passwd')).toEqual([403, { error: 'unsafe' }]);
    expect(await stat('Folder/none')).toEqual([404, { error: 'gone' }]);
    expect(await stat('')).toMatchObject([400, {}]);
    expect(await stat('../..')).toMatchObject([400, {}]);
  });

  it('list a folder in pages, in the order of names', async () => {
    mkdirSync(below('many'));
    const names = Array.from({ length: 2_003 }, (_, at) => `file ${String(at).padStart(5, '0')}`);
    for (const name of names.toReversed()) writeFileSync(below('many', name), 'x');
    interface Page {
      readonly entries: readonly { readonly name: string; readonly kind: string; readonly size: number }[];
      readonly more: boolean;
    }
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let more = true; more;) {
      const after: Record<string, string> = seen.length === 0 ? {} : { 'x-after': base64(seen.at(-1) as string) };
      const answer = jsonOf(await page.get(`/files/list/${ROOT}`, at('many', after))) as Page;
      expect(answer.entries.every(({ kind, size }) => kind === 'file' && size === 1)).toBe(true);
      seen.push(...answer.entries.map(({ name }) => name));
      sizes.push(answer.entries.length);
      more = answer.more;
    }
    expect(seen).toEqual(names);
    expect(sizes).toEqual([1_000, 1_000, 3]);
    const root = jsonOf(await page.get(`/files/list/${ROOT}`)) as Page;
    expect(root).toMatchObject({ entries: [{ name: 'many', kind: 'folder' }], more: false });
    expect((await page.get(`/files/list/${ROOT}`, at('many/file 00000'))).status).toBe(409);
    symlinkSync(below('many'), below('link'));
    expect((await page.get(`/files/list/${ROOT}`, at('link'))).status).toBe(403);
    expect((await page.get(`/files/list/${ROOT}`, at('..'))).status).toBe(400);
  });

  it('tell how much may still be written', async () => {
    const { free } = jsonOf(await page.get(`/files/free/${ROOT}`)) as { free: number };
    const { blocks, bsize } = statfsSync(io.root);
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThanOrEqual(blocks * bsize);
  });
});

describe('/files/delete', () => {
  const remove = (path: string, size: number | string = 10) =>
    page.post(`/files/delete/${ROOT}`, at(path, { 'x-file-size': size }));

  it('deletes a file and the folders that are empty without it', async () => {
    mkdirSync(below('A', 'B'), { recursive: true });
    writeFileSync(below('A', 'B', 'film'), payload(10));
    expect((await remove('A/B/film')).status).toBe(200);
    expect(existsSync(below('A'))).toBe(false);
    expect(existsSync(io.root)).toBe(true);
    expect((await remove('A/B/film')).status).toBe(200);
  });

  it('deletes nothing without a path: the root survives', async () => {
    writeFileSync(below('film'), payload(10));
    mkdirSync(below('folder'));
    for (const path of ['', '.', '..', '/', './', 'folder/..']) expect([path, (await remove(path)).status]).toEqual([path, 400]);
    expect((await page.post(`/files/delete/${ROOT}`, { 'x-file-size': '10' })).status).toBe(400);
    expect(readdirSync(io.root)).toEqual(['film', 'folder']);
  });

  it('deletes nothing that is longer than declared, a folder, a link, or has another name', async () => {
    mkdirSync(below('folder'));
    writeFileSync(below('folder', 'film'), payload(11));
    writeFileSync(below('twin'), payload(10));
    linkSync(below('twin'), below('its-twin'));
    symlinkSync(below('folder'), below('link'));
    expect((await remove('folder/film')).status).toBe(409);
    expect((await remove('folder')).status).toBe(409);
    expect((await remove('twin')).status).toBe(403);
    expect((await remove('link')).status).toBe(403);
    expect((await remove('link/film', 11)).status).toBe(403);
    expect((await remove('folder/film', '-1')).status).toBe(400);
    expect(readdirSync(io.root)).toEqual(['folder', 'its-twin', 'link', 'twin']);
    expect(readdirSync(below('folder'))).toEqual(['film']);
  });
});

describe('/files/truncate', () => {
  const cut = (path: string, size: number, length: number | string) =>
    page.post(`/files/truncate/${ROOT}`, at(path, { 'x-file-size': size, 'x-length': length }));

  it('cuts a file, or lengthens it with zeros up to its declared size', async () => {
    const bytes = payload(100);
    writeFileSync(below('film'), bytes);
    const answer = await cut('film', 100, 40);
    expect([answer.status, jsonOf(answer)]).toMatchObject([200, { size: 40 }]);
    expect(readFileSync(below('film')).equals(bytes.subarray(0, 40))).toBe(true);
    expect((await cut('film', 60, 60)).status).toBe(200);
    expect(readFileSync(below('film')).equals(Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(20)]))).toBe(true);
    expect((await cut('film', 60, 61)).status).toBe(416);
    expect((await cut('film', 60, 'NaN')).status).toBe(400);
    // It is longer than whoever asks believes.
    expect((await cut('film', 50, 10)).status).toBe(409);
    expect((await cut('none', 50, 10)).status).toBe(404);
    expect((await cut('', 50, 10)).status).toBe(400);
    expect(statSync(below('film')).size).toBe(60);
  });

  it('cuts no other name of a file, and nothing behind a link', async () => {
    writeFileSync(below('twin'), payload(10));
    linkSync(below('twin'), below('its-twin'));
    symlinkSync(below('twin'), below('link'));
    expect((await cut('twin', 10, 0)).status).toBe(403);
    expect((await cut('link', 10, 0)).status).toBe(403);
    expect(statSync(below('its-twin')).size).toBe(10);
  });

  it('cuts what the engine has open, as that declared it', async () => {
    const client = await io.connect(page.ticket);
    writeFileSync(below('film'), payload(10));
    expect((await openFile(client, 1, 'film', 20)).status).toBe(FileStatus.OK);
    expect((await cut('film', 10, 0)).status).toBe(409);
    expect((await cut('film', 20, 0)).status).toBe(200);
    await client.close();
  });
});

describe('/files/verify', () => {
  const content = payload(300_000);
  const digest = (algorithm: string, from: number, to: number) =>
    createHash(algorithm).update(content.subarray(from, to)).digest('hex');
  const item = (algorithm: string, offset: number, length: number, path: readonly unknown[] = ['Folder', 'film']) => ({
    path,
    offset,
    length,
    algorithm,
    digest: digest(algorithm === 'sha256' ? 'sha256' : 'sha1', offset, offset + length),
  });
  const verify = (value: unknown) => page.post(`/files/verify/${ROOT}`, {}, Buffer.from(JSON.stringify(value)));

  beforeEach(() => {
    mkdirSync(below('Folder'));
    writeFileSync(below('Folder', 'film'), content);
    writeFileSync(below('twin'), content);
    linkSync(below('twin'), below('its-twin'));
    symlinkSync(below('Folder'), below('link'));
  });

  it('gives a verdict on each part, in their order', async () => {
    const answer = await verify({
      items: [
        item('sha1', 0, 300_000),
        { ...item('sha256', 5, 70_000), offset: 6 },
        item('sha256', 5, 70_000),
        item('sha1', 300_000, 0),
        { ...item('sha1', 299_999, 1), length: 2 },
        item('sha1', 0, 10, ['none']),
        item('sha1', 0, 10, ['twin']),
        item('sha1', 0, 10, ['link', 'film']),
        item('sha1', 0, 10, ['Folder']),
      ],
    });
    expect([answer.status, jsonOf(answer)]).toEqual([200, { verdicts: [0, 1, 0, 0, 2, 2, 2, 2, 2] }]);
  });

  it('takes nothing that is malformed, and no more than its limits', async () => {
    const good = item('sha1', 0, 10);
    for (const wrong of [
      null,
      [],
      {},
      { items: {} },
      { items: [{ ...good, path: [] }] },
      { items: [{ ...good, path: ['..', 'film'] }] },
      { items: [{ ...good, path: ['Folder/film'] }] },
      { items: [{ ...good, path: 'film' }] },
      { items: [{ ...good, offset: -1 }] },
      { items: [{ ...good, offset: 2 ** 53 }] },
      { items: [{ ...good, length: 1.5 }] },
      { items: [{ ...good, length: 2 ** 29 + 1 }] },
      { items: [{ ...good, algorithm: 'md5' }] },
      { items: [{ ...good, algorithm: 'sha256' }] },
      { items: [{ ...good, digest: 'zz'.repeat(20) }] },
      { items: Array.from({ length: 1_001 }, () => good) },
    ]) {
      const answer = await verify(wrong);
      expect([wrong, answer.status, jsonOf(answer)]).toEqual([wrong, 400, { error: 'items' }]);
    }
    expect((await page.post(`/files/verify/${ROOT}`, {}, Buffer.from('{"items":['))).status).toBe(400);
    expect((await verify('x'.repeat(1 << 20))).status).toBe(413);
  });
});
