/** A service worker that holds nothing but the store of the browser, and does with it what a page asks for. */
import type { DigestSpec, FileProblem } from '../../sw/engine/events.ts';
import { MAX_READ } from '../../sw/adapters/local/blocks.ts';
import type { BufferRecord } from '../../sw/adapters/local/records.ts';
import { LocalStore } from '../../sw/adapters/local/store.ts';

const ROOT = 'browser';
const BLOCK = 16_384;
/** Pieces of which each has other bytes. */
const DIFFERENT = 16;
/** Bytes of pieces in the making: enough for the disk to be always at work. */
const IN_MAKING = 48 << 20;

let opening: Promise<LocalStore> | null = null;
let numbers = 0;

function store(): Promise<LocalStore> {
  opening ??= navigator.storage.getDirectory().then(async top =>
    LocalStore.open({
      folder: await top.getDirectoryHandle('files', { create: true }),
      database: 'files',
      root: ROOT,
      room: async () => {
        const { usage = 0, quota = 0 } = await navigator.storage.estimate();
        return quota - usage;
      },
      log: () => undefined,
      wall: () => Date.now(),
      ticks: () => performance.now(),
      after: (ms, run) => setTimeout(run, ms),
      lost: () => undefined,
      gone: () => (opening = null),
    }),
  );
  return opening;
}

/** Bytes of piece `index` of that length, and their SHA-1. */
async function pieces(length: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; digest: DigestSpec }[]> {
  const made = [];
  for (let index = 0; index < DIFFERENT; index++) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = Math.imul(at + 1, 2_654_435_761 + index * 2) >>> 24;
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
    made.push({ bytes, digest: { algorithm: 'sha1', height: 0, offset: 0, length, expected } as const });
  }
  return made;
}

async function open(
  name: string,
  create: boolean,
): Promise<{ file: number; problem: FileProblem | null; size: number; mtime: number }> {
  const local = await store();
  const file = ++numbers;
  return new Promise(resolve =>
    local.openFile(file, ROOT, ['torrent', name], 2 ** 40, create, false, (problem, size, mtime) =>
      resolve({ file, problem, size, mtime }),
    ),
  );
}

/** As they are read for peers; null where they are not there. */
async function bytesOf(local: LocalStore, file: number, offset: number, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += MAX_READ) {
    const span = { file, offset: offset + at, length: Math.min(MAX_READ, length - at) };
    const problem = await new Promise<FileProblem | null>(resolve =>
      local.read([span], (failed, part) => {
        bytes.set(part, at);
        resolve(failed);
      }),
    );
    if (problem) return null;
  }
  return bytes;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, at) => byte === b[at]);
}

/** What a page can ask for, by name. */
const calls = {
  /** Bytes of unfinished pieces that this life was told of. */
  async kept(): Promise<number> {
    const { kept } = await store();
    return kept.reduce((sum, { ranges }) => ranges.reduce((all, { length }) => all + length, sum), 0);
  },

  /** Lands pieces block by block and commits them, then flushes. Tells what came of each, counted, and in how many seconds. */
  async write(
    name: string,
    first: number,
    count: number,
    length: number,
  ): Promise<{ ends: Record<string, number>; seconds: number }> {
    const local = await store();
    const { file } = await open(name, true);
    const source = await pieces(length);
    const ends: Record<string, number> = {};
    const base = (numbers += count + 1) - count;
    const started = performance.now();
    let next = 0;
    const one = (): Promise<void> => {
      const index = next++;
      const { bytes, digest } = source[(first + index) % DIFFERENT]!;
      const buffer = base + index;
      return new Promise(resolve => {
        local.begin(buffer, length, Uint8Array.of(1), [{ file, offset: (first + index) * length, length }], []);
        local.commit(buffer, [digest], false, (status, problem) => {
          ends[problem ?? status] = (ends[problem ?? status] ?? 0) + 1;
          local.acknowledge(buffer);
          resolve();
        });
        for (let at = 0; at < length; at += BLOCK) local.land(buffer, at, bytes.subarray(at, at + BLOCK));
      });
    };
    const slots = Math.max(1, Math.min(512, Math.floor(IN_MAKING / length)));
    await Promise.all(
      Array.from({ length: slots }, async () => {
        while (next < count) await one();
      }),
    );
    const problem = await new Promise<FileProblem | null>(resolve => local.sync([file], resolve));
    if (problem) ends[`flush: ${problem}`] = 1;
    local.closeFile(file);
    return { ends, seconds: (performance.now() - started) / 1000 };
  },

  /** Lands the first half of a piece and no more. */
  async half(name: string, index: number, length: number): Promise<void> {
    const local = await store();
    const { file } = await open(name, true);
    const { bytes } = (await pieces(length))[index % DIFFERENT]!;
    const buffer = ++numbers;
    local.begin(buffer, length, Uint8Array.of(1), [{ file, offset: index * length, length }], []);
    for (let at = 0; at < length / 2; at += BLOCK) local.land(buffer, at, bytes.subarray(at, at + BLOCK));
  },

  /** Lands what is missing of the piece that an earlier life began. */
  async finish(index: number, length: number): Promise<string> {
    const local = await store();
    const { bytes, digest } = (await pieces(length))[index % DIFFERENT]!;
    const { buffer } = local.kept[0]!;
    const status = new Promise<string>(resolve => local.commit(buffer, [digest], false, resolve));
    for (let at = 0; at < length; at += BLOCK) local.land(buffer, at, bytes.subarray(at, at + BLOCK));
    return status;
  },

  /** Bytes of unfinished pieces that the next life will be told of. */
  async saved(): Promise<number> {
    const request = indexedDB.open('files');
    await new Promise(resolve => (request.onsuccess = resolve));
    const records = request.result.transaction('buffers').objectStore('buffers').getAll() as IDBRequest<BufferRecord[]>;
    await new Promise(resolve => (records.onsuccess = resolve));
    request.result.close();
    return records.result.reduce(
      (sum, { there }) => there.reduce((all, value, at) => (at % 4 === 3 ? all + value : all), sum),
      0,
    );
  },

  /** How many of the pieces are there and right, and there and wrong. */
  async whole(name: string, count: number, length: number): Promise<{ right: number; wrong: number }> {
    const local = await store();
    const { file, problem } = await open(name, false);
    if (problem) return { right: 0, wrong: 0 };
    const source = await pieces(length);
    let [right, wrong] = [0, 0];
    for (let index = 0; index < count; index++) {
      const bytes = await bytesOf(local, file, index * length, length);
      if (!bytes) continue;
      if (isSame(bytes, source[index % DIFFERENT]!.bytes)) right += 1;
      else wrong += 1;
    }
    local.closeFile(file);
    return { right, wrong };
  },

  /** How many of the first pieces are as they should be; they are read as for peers. */
  async read(name: string, count: number, length: number): Promise<number> {
    return (await calls.whole(name, count, length)).right;
  },

  async stat(name: string): Promise<{ problem: FileProblem | null; size: number; mtime: number; ms: number }> {
    const started = performance.now();
    const { file, ...stat } = await open(name, false);
    (await store()).closeFile(file);
    return { ...stat, ms: performance.now() - started };
  },

  async remove(name: string): Promise<FileProblem | null> {
    const local = await store();
    return new Promise(resolve => local.deleteFile(ROOT, ['torrent', name], 2 ** 40, false, resolve));
  },

  /** Bytes that this site has. */
  async used(): Promise<number> {
    return (await navigator.storage.estimate()).usage ?? 0;
  },

  /** Lengths of the segments there are. */
  async segments(): Promise<number[]> {
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('files', { create: true });
    const lengths: number[] = [];
    for await (const [, folder] of top.entries()) {
      if (!(folder instanceof FileSystemDirectoryHandle)) continue;
      for await (const [, file] of folder.entries())
        if (file instanceof FileSystemFileHandle) lengths.push((await file.getFile()).size);
    }
    return lengths;
  },

  /** Writes files of these lengths, four at a time, and nothing else; in how many seconds. */
  async bare(lengths: readonly number[]): Promise<number> {
    const top = await navigator.storage.getDirectory();
    const folder = await top.getDirectoryHandle('bare', { create: true });
    const bytes = new Uint8Array(Math.max(IN_MAKING, ...lengths));
    for (let at = 0; at < bytes.length; at++) bytes[at] = Math.imul(at + 1, 2_654_435_761) >>> 24;
    const started = performance.now();
    let next = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (next < lengths.length) {
          const index = next++;
          const file = await folder.getFileHandle(String(index), { create: true });
          const writable = await file.createWritable();
          const from = (index * lengths[index]!) % (bytes.length - lengths[index]! + 1);
          await writable.write(bytes.subarray(from, from + lengths[index]!));
          await writable.close();
        }
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    await top.removeEntry('bare', { recursive: true });
    return seconds;
  },
};

export type StoreCalls = typeof calls;

type WorkerEvent = Event & { waitUntil(promise: Promise<unknown>): void };
interface WorkerScope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}
const scope = self as unknown as WorkerScope;

addEventListener('install', event => (event as WorkerEvent).waitUntil(scope.skipWaiting()));
addEventListener('activate', event => (event as WorkerEvent).waitUntil(scope.clients.claim()));
addEventListener('message', event => {
  const { call, args } = event.data as { call: keyof StoreCalls; args: never[] };
  const [port] = event.ports;
  const answer = (calls[call] as (...given: never[]) => Promise<unknown>)(...args).then(
    value => port?.postMessage({ value: value ?? null }),
    (error: unknown) => port?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  (event as unknown as WorkerEvent).waitUntil(answer);
});
