import { describe, expect, it } from 'vitest';
import { streamPath, THERE_PATH } from '../../sw/api.ts';
import { type OpenFile, Streaming, type StreamingOptions } from '../../sw/streaming.ts';

const ID = 'ab'.repeat(20);
const ORIGIN = 'http://127.0.0.1:7800';

class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message = 'A sentence for people.') {
    super(message);
    this.code = code;
  }
}

const opened = (file: number, name: string): OpenFile => ({
  file,
  path: ['folder', name],
  door: { port: 9, secret: 'secret' },
  close: () => undefined,
});

function setUp(name = 'film.mkv', options: Partial<StreamingOptions> = {}, answer = () => new Response('bytes')) {
  const asked: { url: string; init: RequestInit }[] = [];
  const streaming = new Streaming({
    open: (_id, file) => Promise.resolve(opened(40 + file, name)),
    there: () => null,
    fetch: (url, init) => {
      asked.push({ url: String(url), init: init ?? {} });
      return Promise.resolve(answer());
    },
    after: (_ms, act) => act(),
    changed: () => undefined,
    ...options,
  });
  const ask = async (path = streamPath(ID, 2, name), init: RequestInit = {}): Promise<Response> => {
    const response = streaming.respond(new Request(ORIGIN + path, init), new URL(ORIGIN + path));
    if (response === null) throw new Error('not answered');
    return response;
  };
  return { streaming, asked, ask };
}

describe('files at addresses of the app', () => {
  it('are fetched from the io-daemon by their number, the ticket in a header and nowhere else', async () => {
    const { asked, ask } = setUp(
      'film.mkv',
      {},
      () =>
        new Response('ytes', {
          status: 206,
          headers: { 'content-range': 'bytes 1-4/5', 'accept-ranges': 'bytes', 'x-other': '1' },
        }),
    );
    const answer = await ask(undefined, { headers: { range: 'bytes=1-', cookie: 'x' } });
    expect([answer.status, await answer.text()]).toEqual([206, 'ytes']);
    expect(answer.headers.get('content-range')).toBe('bytes 1-4/5');
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('x-other')).toBeNull();
    expect(asked[0]?.url).toBe('http://127.0.0.1:9/stream/42');
    const headers = new Headers(asked[0]?.init.headers);
    expect([...headers]).toEqual([
      ['authorization', 'Bearer secret'],
      ['range', 'bytes=1-'],
    ]);
    expect(asked[0]?.init).toMatchObject({ credentials: 'omit', redirect: 'error', cache: 'no-store' });
  });

  it.each([
    ['film.MP4', 'video/mp4', 'inline'],
    ['song.flac', 'audio/flac', 'inline'],
    ['cover.jpeg', 'image/jpeg', 'inline'],
    ['book.pdf', 'application/pdf', 'inline'],
    ['notes.txt', 'text/plain; charset=utf-8', 'inline'],
    ['page.html', 'application/octet-stream', 'attachment'],
    ['page.htm', 'application/octet-stream', 'attachment'],
    ['page.xhtml', 'application/octet-stream', 'attachment'],
    ['drawing.svg', 'application/octet-stream', 'attachment'],
    ['data.xml', 'application/octet-stream', 'attachment'],
    ['code.js', 'application/octet-stream', 'attachment'],
    ['photo.jpg.html', 'application/octet-stream', 'attachment'],
    ['constructor', 'application/octet-stream', 'attachment'],
    ['x.toString', 'application/octet-stream', 'attachment'],
  ])('%s is served as %s, %s', async (name, type, disposition) => {
    const { headers } = await setUp(name).ask();
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-disposition')).toBe(`${disposition}; filename*=UTF-8''${name}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('allow-scripts');
    // The viewers of PDF work in no sandbox.
    expect(policy.includes('sandbox')).toBe(type !== 'application/pdf');
  });

  it('has no name that could end its header or begin another', async () => {
    const { headers } = await setUp('a";\r\nx: y\'(ü).bin').ask();
    expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%22%3B%0D%0Ax%3A%20y%27%28%C3%BC%29.bin");
    expect(headers.get('x')).toBeNull();
  });

  it.each([
    ['no-such-torrent', 404],
    ['no-such-file', 404],
    ['paused', 409],
    ['not-chosen', 409],
    ['daemon-away', 503],
    ['unpaired', 503],
  ])('that are %s answer %d with what to do', async (code, status) => {
    const { ask, asked } = setUp('film.mkv', { open: () => Promise.reject(new Refusal(code)) });
    const answer = await ask();
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([
      status,
      'A sentence for people.\n',
      'text/plain; charset=utf-8',
    ]);
    expect(asked).toEqual([]);
  });

  it('are tried again while they are being checked, and not for ever', async () => {
    let left = 5;
    const soon = setUp('film.mkv', {
      open: () => (--left > 0 ? Promise.reject(new Refusal('not-yet')) : Promise.resolve(opened(1, 'film.mkv'))),
    });
    expect((await soon.ask()).status).toBe(200);
    let tries = 0;
    const never = setUp('film.mkv', {
      open: () => {
        tries++;
        return Promise.reject(new Refusal('not-yet'));
      },
    });
    expect((await never.ask()).status).toBe(503);
    expect(tries).toBeLessThan(100);
  });

  it('say so when the daemon is away or cannot read, and never show what went wrong inside', async () => {
    expect(
      (await setUp('film.mkv', { open: () => Promise.resolve({ ...opened(1, 'film.mkv'), door: null }) }).ask()).status,
    ).toBe(503);
    for (const status of [401, 404, 500, 503]) {
      const answer = await setUp('film.mkv', {}, () => new Response('inner', { status })).ask();
      expect(answer.status).toBe(503);
      expect(await answer.text()).not.toContain('inner');
    }
    const broken = await setUp('film.mkv', { fetch: () => Promise.reject(new TypeError('socket 7')) }).ask();
    expect([broken.status, (await broken.text()).includes('socket')]).toEqual([503, false]);
  });

  it('are nothing else: other paths are not answered, and files only read', async () => {
    const { streaming, ask, asked } = setUp();
    expect(streaming.respond(new Request(`${ORIGIN}/assets/x`), new URL(`${ORIGIN}/assets/x`))).toBeNull();
    for (const path of [
      '/stream/',
      '/stream/x/0/a',
      `/stream/${ID}`,
      `/stream/${ID}/-1/a`,
      `/stream/${ID}/1e3/a`,
      `/stream/${ID}x/1/a`,
    ]) {
      expect((await ask(path)).status, path).toBe(404);
    }
    expect((await ask(undefined, { method: 'POST' })).status).toBe(405);
    expect(asked).toEqual([]);
  });

  it('end with their reader', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: controller => controller.enqueue(new Uint8Array(1000)),
      cancel: () => {
        cancelled = true;
      },
    });
    const { ask } = setUp('film.mkv', {}, () => new Response(endless));
    const reader = (await ask()).body!.getReader();
    expect((await reader.read()).value?.length).toBe(1000);
    await reader.cancel();
    expect(cancelled).toBe(true);
  });

  it('tell how much of a file is there, by a hundred and by part, and nothing where nobody knows', async () => {
    const of: unknown[] = [];
    const { streaming } = setUp('film.mkv', {
      there: (id, file, parts) => {
        of.push([id, file, parts]);
        return file === 2 ? [100, 40, 0] : null;
      },
    });
    const ask = async (path: string): Promise<unknown> => {
      const answer = await streaming.respond(new Request(ORIGIN + path), new URL(ORIGIN + path));
      return answer?.ok === true ? answer.json() : answer?.status;
    };
    expect(await ask(`${THERE_PATH}${ID}/2`)).toEqual([100, 40, 0]);
    expect(await ask(`${THERE_PATH}${ID}/3`)).toEqual([]);
    expect(await ask(`${THERE_PATH}nonsense`)).toBe(404);
    expect(of).toEqual([
      [ID, 2, 240],
      [ID, 3, 240],
    ]);
  });
});

describe('a file whose sender ends in the middle', () => {
  const BYTES = '0123456789';

  /** Senders of that file, one after another: how many bytes each gives before it ends, and how it ends. */
  function senders(...ends: readonly (readonly [gives: number, how: 'error' | 'close' | 'away' | 'changed'])[]) {
    const ranges: (string | null)[] = [];
    let closed = 0;
    let at = 0;
    const streaming = new Streaming({
      open: (_id, file) =>
        ends[at]?.[1] === 'away'
          ? (at++, Promise.reject(new Refusal('followed')))
          : Promise.resolve({ ...opened(file, 'film.mkv'), close: () => void closed++ }),
      there: () => null,
      fetch: (_url, init) => {
        const range = new Headers(init?.headers).get('range');
        ranges.push(range);
        const [, from = 0, last = 9] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')?.map(Number) ?? [];
        const [gives, how] = ends[at++] ?? [10, 'close'];
        const sent = new TextEncoder().encode(BYTES.slice(from, last + 1).slice(0, gives));
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            if (sent.length > 0) controller.enqueue(sent);
            if (how === 'error') setTimeout(() => controller.error(new TypeError('cut')), 2);
            else controller.close();
          },
        });
        const size = how === 'changed' ? 11 : 10;
        const headers = new Headers(
          range === null ? [['content-length', '10']] : [['content-range', `bytes ${from}-${last}/${size}`]],
        );
        return Promise.resolve(new Response(body, { status: range === null ? 200 : 206, headers }));
      },
      after: (_ms, act) => void setTimeout(act, 1),
      changed: () => undefined,
    });
    const ask = async (range?: string): Promise<Response> => {
      const path = streamPath(ID, 2, 'film.mkv');
      return (await streaming.respond(
        new Request(ORIGIN + path, range === undefined ? {} : { headers: { range } }),
        new URL(ORIGIN + path),
      ))!;
    };
    return { streaming, ask, ranges, closed: () => closed };
  }

  it.each(['error', 'close'] as const)('has its rest from the next, and the one after that: %s', async how => {
    const { streaming, ask, ranges, closed } = senders([3, how], [0, 'away'], [0, 'away'], [4, how]);
    expect(await (await ask()).text()).toBe(BYTES);
    expect(ranges).toEqual([null, 'bytes=3-9', 'bytes=7-9']);
    expect([streaming.reading, closed()]).toEqual([0, 3]);
  });

  it('has no more than what was asked for', async () => {
    const { ask, ranges } = senders([2, 'error']);
    expect(await (await ask('bytes=1-5')).text()).toBe('12345');
    expect(ranges).toEqual(['bytes=1-5', 'bytes=3-5']);
  });

  it('has no bytes of a file that is another by now, and waits for nobody for ever', async () => {
    const changed = Array.from({ length: 100 }, () => [9, 'changed'] as const);
    for (const ends of [changed, Array.from({ length: 100 }, () => [0, 'away'] as const)]) {
      const { streaming, ask, ranges, closed } = senders([3, 'error'], ...ends);
      await expect((await ask()).text()).rejects.toThrow();
      expect([streaming.reading, closed()]).toEqual([0, ranges.length]);
    }
  });

  it('is let go of by who reads no more while the next is looked for', async () => {
    const { streaming, ask, ranges, closed } = senders([3, 'error'], ...Array.from({ length: 20 }, () => [0, 'away'] as const));
    const reader = (await ask()).body!.getReader();
    await reader.read();
    const rest = reader.read();
    await new Promise(resolve => setTimeout(resolve, 8));
    await reader.cancel();
    expect(await rest).toMatchObject({ done: true });
    await expect.poll(() => closed()).toBe(ranges.length);
    expect(streaming.reading).toBe(0);
  });
});
