import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_UNDER_WAY, MAX_UNREAD, MAX_UNTAKEN, RpcConnection } from '../../daemon/host/rpc/connection.ts';
import { type Call, MAX_BATCH } from '../../daemon/host/rpc/json-rpc.ts';
import { LineCutter, MAX_LINE } from '../../daemon/host/rpc/line-cutter.ts';
import { until } from '../host/temp.ts';

const echo: Call = (_method, params) => Promise.resolve(params ?? null);

function request(id: number, params: object = {}, method = 'echo'): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
}

class Peer {
  readonly input = new PassThrough();
  readonly output = new PassThrough();
  readonly connection: RpcConnection;
  readonly served: Promise<void>;
  isServed = false;
  #text = '';

  constructor(call: Call = echo, isReading = true) {
    this.connection = new RpcConnection(this.input, this.output, call);
    this.served = this.connection.serve().then(async () => {
      this.isServed = true;
      if (!this.output.destroyed && isReading) await until(() => this.#isTaken, 'all is taken');
    });
    if (isReading) this.read();
  }

  read(): void {
    this.output.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  get #isTaken(): boolean {
    return this.output.writableLength === 0 && this.output.readableLength === 0;
  }

  /** What was answered: a line each, all of them whole. */
  get lines(): readonly { readonly id: number | null; readonly result?: unknown; readonly error?: { readonly code: number } }[] {
    expect(this.#text === '' || this.#text.endsWith('\n')).toBe(true);
    return this.#text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as { id: number });
  }
}

describe('lines', () => {
  it('are the same however they were cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 20 }).map(text => text.replaceAll('\n', ''))),
        fc.array(fc.nat(30)),
        (texts, cuts) => {
          const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''));
          const cutter = new LineCutter();
          const lines: (string | null)[] = [];
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            for (const line of cutter.push(bytes.subarray(at, at + cut))) lines.push(line && Buffer.from(line).toString());
            at = Math.min(bytes.length, at + cut);
          }
          expect([...lines, ...cutter.end()]).toEqual(texts);
        },
      ),
    );
  });

  it('that are too long are told as such, wherever they are cut, and the next ones are whole', () => {
    for (const size of [1, 3, 7, 100]) {
      const cutter = new LineCutter(10);
      const bytes = Buffer.from(`${'a'.repeat(10)}\n${'b'.repeat(11)}\n${'c'.repeat(50)}\nd\n${'e'.repeat(11)}`);
      const lines: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const line of cutter.push(bytes.subarray(at, at + size))) lines.push(line && Buffer.from(line).toString());
      }
      expect([...lines, ...cutter.end()]).toEqual(['a'.repeat(10), null, null, 'd', null]);
    }
  });
});

describe('a connection', () => {
  it('answers a torrent file of ten million bytes, and refuses what is longer than a line may be', async () => {
    const peer = new Peer((_, params) => Promise.resolve(String(params?.['base64']).length));
    const base64 = Buffer.alloc(10_000_000).toString('base64');
    peer.input.write(request(1, { base64 }));
    peer.input.write('x'.repeat(MAX_LINE + 1));
    peer.input.write('\n');
    peer.input.end(request(2));
    await peer.served;
    const byId = [...peer.lines].sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
    expect(byId).toMatchObject([{ id: null, error: { code: -32700 } }, { id: 1, result: base64.length }, { id: 2 }]);
  });

  it('answers bytes that are no UTF-8, and goes on', async () => {
    const peer = new Peer();
    peer.input.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    peer.input.end(request(1));
    await peer.served;
    expect(peer.lines).toMatchObject([{ id: null, error: { code: -32700 } }, { id: 1 }]);
  });

  it('says nothing to lines of blanks, and takes a last line without its end', async () => {
    const peer = new Peer();
    peer.input.end(`\n \t\r\n${request(1).trim()}`);
    await peer.served;
    expect(peer.lines).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  });

  it('finishes what was asked once its input ends, and answers as each is done', async () => {
    const open = new Map<string, () => void>();
    const peer = new Peer(method => new Promise(resolve => open.set(method, () => resolve(method))));
    peer.input.end(request(1, {}, 'slow') + request(2, {}, 'fast'));
    await until(() => open.size === 2, 'both were begun');
    open.get('fast')?.();
    await until(() => peer.lines.length === 1, 'one answer');
    expect(peer.isServed).toBe(false);
    open.get('slow')?.();
    await peer.served;
    expect(peer.lines.map(({ id }) => id)).toEqual([2, 1]);
  });

  it('begins nothing more once it is stopped, and finishes what it had', async () => {
    const open: (() => void)[] = [];
    const peer = new Peer(() => new Promise(resolve => open.push(() => resolve(null))));
    peer.input.write(request(1));
    await until(() => open.length === 1, 'it was begun');
    peer.connection.stop();
    expect(peer.input.destroyed).toBe(true);
    open[0]?.();
    await peer.served;
    expect(peer.lines.map(({ id }) => id)).toEqual([1]);
  });

  it('begins no more than it may have under way', async () => {
    const open: (() => void)[] = [];
    const peer = new Peer(() => new Promise(resolve => open.push(() => resolve(null))));
    const count = 3 * MAX_UNDER_WAY;
    peer.input.end(Array.from({ length: count }, (_, id) => request(id)).join(''));
    for (let done = 0; done < count; done += MAX_UNDER_WAY) {
      await until(() => open.length === done + MAX_UNDER_WAY, 'as many as may be under way');
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(open.length).toBe(done + MAX_UNDER_WAY);
      for (const finish of open.slice(done)) finish();
    }
    await peer.served;
    expect(peer.lines).toHaveLength(count);
  });

  it('counts each request of a batch that it has under way, and begins a batch as a whole', async () => {
    const open: (() => void)[] = [];
    const peer = new Peer(() => new Promise(resolve => open.push(() => resolve(null))));
    const batch = `[${Array.from({ length: MAX_BATCH }, (_, id) => request(id).trim()).join(',')}]\n`;
    peer.input.end(request(1) + batch + batch);
    for (const begun of [1, 1 + MAX_BATCH, 1 + 2 * MAX_BATCH]) {
      await until(() => open.length >= begun, 'as many as may be under way');
      await new Promise(resolve => setTimeout(resolve, 5));
      expect(open.length).toBe(begun);
      for (const finish of open) finish();
    }
    await peer.served;
    expect(peer.lines).toHaveLength(3);
  });

  it('rests while its answers are not taken, and loses none', async () => {
    const long = 'x'.repeat(100_000);
    let begun = 0;
    const peer = new Peer(() => {
      begun++;
      return Promise.resolve(long);
    }, false);
    const count = 200;
    peer.input.end(Array.from({ length: count }, (_, id) => request(id)).join(''));
    await until(() => peer.output.writableLength > MAX_UNTAKEN, 'much is not taken');
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(begun).toBeLessThan(count / 2);
    peer.read();
    await peer.served;
    await until(() => peer.lines.length === count, 'all are taken');
    expect(peer.lines.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, id) => id));
  });

  it('ends when nobody takes what it tells', async () => {
    const peer = new Peer(echo, false);
    const text = 'x'.repeat(1 << 20);
    for (let sent = 0; sent <= MAX_UNREAD; sent += text.length) peer.connection.notify('told', { text });
    await peer.served;
    expect(peer.input.destroyed).toBe(true);
  });

  it('ends when its output does', async () => {
    const peer = new Peer();
    peer.output.destroy(new Error('EPIPE'));
    await peer.served;
    expect(peer.input.destroyed).toBe(true);
  });

  it('answers any bytes with whole lines, or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc.json().map(text => Buffer.from(`${text}\n`)),
          ),
        ),
        async chunks => {
          const peer = new Peer();
          for (const chunk of chunks) peer.input.write(chunk);
          peer.input.end();
          await peer.served;
          expect(peer.lines.length).toBeLessThanOrEqual(Buffer.concat(chunks).filter(byte => byte === 10).length + 1);
        },
      ),
      { numRuns: 300 },
    );
  });
});
