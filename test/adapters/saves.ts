/** Files of zeros that can be saved, and the browser that asks for them. */
import { SAVE_ASK, SAVE_KEY, type SaveAnswer } from '../../sw/api.ts';
import { LocalReaders } from '../../sw/adapters/local/readers.ts';
import { Saving } from '../../sw/saving.ts';
import type { FileRow } from '../../sw/view-model.ts';

export const ID = 'ab'.repeat(20);
export const ORIGIN = 'http://127.0.0.1:7800';

export class Refusal extends Error {
  constructor(readonly code: string) {
    super('A sentence for people.');
  }
}

export const row = (path: string, size: number, part: Partial<FileRow> = {}): FileRow => ({
  path: path.split('/'),
  size,
  done: 0,
  priority: 'normal',
  ...part,
});

export const FILES = [
  row('Film/film.mkv', 700_000),
  row('Film/Extra/a.txt', 5),
  row('Film/Extra/b.txt', 0),
  row('Film/not.iso', 9, { priority: 'skip' }),
];

/** Files of zeros behind the real readers, whose engine is this test. */
export function setUp(files: readonly FileRow[] = FILES) {
  let refusal: Refusal | null = null;
  let fault: string | null = null;
  let hasMetadata = true;
  const wanted: { stream: number; file: number; offset: number; length: number }[] = [];
  const timers = new Set<{ ms: number; act: () => void }>();
  const readers = new LocalReaders({
    read: ([span], done) => {
      queueMicrotask(() =>
        fault === null ? done(null, new Uint8Array(span?.length ?? 0)) : done(fault as never, new Uint8Array()),
      );
      return () => undefined;
    },
  });
  let reachable = Infinity;
  readers.hear((stream, file, offset, length) => {
    wanted.push({ stream, file, offset, length });
    if (length > 0 && offset < reachable) readers.readable(stream, offset, Math.min(length, reachable - offset));
  });
  let ticks = 0;
  let torrentFile: Uint8Array<ArrayBuffer> | null = null;
  let changes = 0;
  let details = 0;
  const opened: number[] = [];
  const saving = new Saving({
    isHere: id => id === ID,
    detail: () => {
      details++;
      return { hasMetadata, files };
    },
    open: (_id, file) => {
      if (refusal) throw refusal;
      const row = files[file];
      if (row === undefined) throw new Refusal('no-such-file');
      opened.push(file);
      const { path, size } = row;
      return { path, size, serve: (range, isHead) => readers.serve({ file, size }, range, isHead) };
    },
    torrentFile: () => torrentFile,
    settled: () => Promise.resolve(),
    after: (ms, act) => {
      const timer = { ms, act };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    now: () => 0,
    ticks: () => ticks,
    changed: () => changes++,
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = saving.respond(new Request(ORIGIN + path, init), new URL(ORIGIN + path));
    if (response === null) throw new Error('not answered');
    return response;
  };
  const navigate = (path: string, search = ''): Promise<Response> | null =>
    saving.respond({ url: ORIGIN + path + search, method: 'GET', mode: 'navigate' } as Request, new URL(ORIGIN + path + search));
  /** As a window does it: it asks, and goes there. */
  const press = async (path: string): Promise<Response | null> => {
    const { key } = (await (await ask(path + SAVE_ASK)).json()) as SaveAnswer;
    return navigate(path, SAVE_KEY + key);
  };
  return {
    saving,
    ask,
    navigate,
    press,
    has: (bytes: Uint8Array<ArrayBuffer>) => (torrentFile = bytes),
    pass: (ms: number) => (ticks += ms),
    readers,
    wanted,
    opened,
    get details() {
      return details;
    },
    get changes() {
      return changes;
    },
    refuse: (code: string | null) => (refusal = code === null ? null : new Refusal(code)),
    fail: (problem: string) => (fault = problem),
    reach: (bytes: number) => (reachable = bytes),
    withoutMetadata: () => (hasMetadata = false),
    /** Lets timers of so many ms be due. */
    due: (ms: number) => {
      for (const timer of [...timers]) if (timer.ms === ms && timers.delete(timer)) timer.act();
    },
    timers,
  };
}
