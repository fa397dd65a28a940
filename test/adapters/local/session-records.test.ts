import { describe, expect, it } from 'vitest';
import { RECORD_LIMITS, SessionRecords, type RecordKeeper } from '../../../sw/adapters/local/session-records.ts';

/** Keeps what it is given, one transaction at a time, each answered by hand. */
class FakeKeeper implements RecordKeeper {
  readonly kept = new Map<string, Uint8Array>();
  readonly transactions: (readonly string[])[] = [];
  private readonly waiting: { readonly act: () => void; readonly fail: (error: Error) => void }[] = [];
  isSlow = false;

  load() {
    return Promise.resolve([...this.kept].map(([key, value]) => ({ key, value })));
  }

  read(key: string) {
    return Promise.resolve(this.kept.get(key) ?? null);
  }

  write(writes: ReadonlyMap<string, Uint8Array | null>): Promise<void> {
    this.transactions.push([...writes.keys()]);
    return new Promise((resolve, reject) => {
      const act = (): void => {
        for (const [key, value] of writes) {
          if (value) this.kept.set(key, value);
          else this.kept.delete(key);
        }
        resolve();
      };
      if (this.isSlow) this.waiting.push({ act, fail: reject });
      else act();
    });
  }

  flush(error?: Error): void {
    const { act, fail } = this.waiting.shift() ?? {};
    if (error) fail?.(error);
    else act?.();
  }
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function setUp(limits = RECORD_LIMITS) {
  const keeper = new FakeKeeper();
  const records = new SessionRecords(Promise.resolve(keeper), limits);
  const write = (key: string, value: Uint8Array | null): Promise<string> =>
    new Promise(resolve => records.write([{ key, value }], resolve));
  const read = (key: string): Promise<[string, Uint8Array | null]> =>
    new Promise(resolve => records.read(key, (...answer) => resolve(answer)));
  return { keeper, records, write, read };
}

describe('records of the session in the browser', () => {
  it('are answered when they are kept, and there for the next engine', async () => {
    const { keeper, records, write, read } = setUp();
    keeper.isSlow = true;
    let isDone = false;
    const first = write('a', bytes(1)).then(problem => {
      isDone = true;
      return problem;
    });
    await expect.poll(() => keeper.transactions).toEqual([['a']]);
    expect(isDone).toBe(false);
    const others = [write('a', bytes(2)), write('b', bytes(3)), write('c', null)];
    keeper.flush();
    expect(await first).toBe('');
    // What came meanwhile leaves together.
    await expect.poll(() => keeper.transactions).toEqual([['a'], ['a', 'b', 'c']]);
    keeper.flush();
    expect(await Promise.all(others)).toEqual(['', '', '']);
    expect(await read('a')).toEqual(['', bytes(2)]);
    expect(await read('c')).toEqual(['', null]);
    expect(await records.load()).toEqual([
      { key: 'a', value: bytes(2) },
      { key: 'b', value: bytes(3) },
    ]);
  });

  it('tell why a write was refused by the browser, and go on with the next', async () => {
    const { keeper, write } = setUp();
    keeper.isSlow = true;
    const refused = write('a', bytes(1));
    await expect.poll(() => keeper.transactions.length).toBe(1);
    const next = write('b', bytes(1));
    keeper.flush(new DOMException('no room', 'QuotaExceededError'));
    expect(await refused).toBe('The storage of this browser is full.');
    await expect.poll(() => keeper.transactions.length).toBe(2);
    keeper.flush();
    expect(await next).toBe('');
  });

  it('have the limits of the host’s, and what makes room is always taken', async () => {
    const { keeper, write } = setUp({ valueBytes: 4, records: 2, totalBytes: 6, queueBytes: 100 });
    expect(await write('a', new Uint8Array(5))).toBe('It is too long to be kept.');
    expect(await write('a', new Uint8Array(4))).toBe('');
    expect(await write('b', new Uint8Array(3))).toMatch(/too many records/);
    expect(await write('b', new Uint8Array(1))).toBe('');
    expect(await write('c', new Uint8Array(0))).toBe('It would be more than 2 records.');
    expect(await write('a', new Uint8Array(1))).toBe('');
    expect(await write('b', null)).toBe('');
    expect(await write('c', new Uint8Array(4))).toBe('');
    expect([...keeper.kept.keys()]).toEqual(['a', 'c']);
  });

  it('hold no more than 64 MiB that waits for the disk', async () => {
    const { keeper, write } = setUp({ ...RECORD_LIMITS, queueBytes: 10 });
    keeper.isSlow = true;
    const first = write('a', new Uint8Array(8));
    await expect.poll(() => keeper.transactions.length).toBe(1);
    const second = write('b', new Uint8Array(8));
    expect(await write('c', new Uint8Array(3))).toMatch(/too slow/);
    keeper.flush();
    await expect.poll(() => keeper.transactions.length).toBe(2);
    keeper.flush();
    expect(await Promise.all([first, second])).toEqual(['', '']);
  });

  it('say plainly that they cannot be kept: where the browser opens no database, and where it closes it', async () => {
    const refused = new SessionRecords(Promise.reject(new DOMException('denied', 'SecurityError')));
    await expect(refused.load()).rejects.toThrow('This browser keeps no data for the app.');
    const { records, write, read, keeper } = setUp();
    records.gone('The browser has closed its storage. Reload this page.');
    expect(await write('a', bytes(1))).toMatch(/closed its storage/);
    expect((await read('a'))[0]).toMatch(/closed its storage/);
    expect(keeper.transactions).toEqual([]);
  });
});
