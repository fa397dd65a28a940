import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Call, MAX_BATCH, read, RpcCode, RpcError } from '../../daemon/host/rpc/json-rpc.ts';

const calls: unknown[][] = [];

const call: Call = async (method, params) => {
  await Promise.resolve();
  calls.push([method, params]);
  switch (method) {
    case 'echo':
      return params ?? null;
    case 'refuse':
      throw new RpcError(RpcCode.REFUSED, 'No', { hint: 'Ask again.', why: 'because' });
    case 'break':
      throw new TypeError('a secret of ours');
    default:
      throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'Nothing like it', { hint: 'See the list.' });
  }
};

function answer(line: string): Promise<string | null> {
  return read(line)?.answer(call) ?? Promise.resolve(null);
}

async function ask(line: string): Promise<unknown> {
  const told = await answer(line);
  return told === null ? null : JSON.parse(told);
}

const error = (code: number, id: unknown = null): object => ({
  jsonrpc: '2.0',
  id,
  error: {
    code,
    message: expect.any(String) as string,
    data: expect.objectContaining({ hint: expect.any(String) as string }) as object,
  },
});
const request = (more: object): string => JSON.stringify({ jsonrpc: '2.0', method: 'echo', ...more });

describe('a request', () => {
  it.each([
    ['a number', 1],
    ['zero', 0],
    ['the greatest number', 9_007_199_254_740_991],
    ['text', 'abc'],
    ['empty text', ''],
    ['null', null],
  ])('is answered with its id: %s', async (_, id) => {
    expect(await ask(request({ id, params: { a: [1] } }))).toEqual({ jsonrpc: '2.0', id, result: { a: [1] } });
  });

  it('may come without params, and with the end of line of any system', async () => {
    expect(await ask(`${request({ id: 1 })}\r`)).toEqual({ jsonrpc: '2.0', id: 1, result: null });
  });

  it('that is refused is answered with code, message and data', async () => {
    expect(await ask(request({ id: 7, method: 'refuse' }))).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32000, message: 'No', data: { hint: 'Ask again.', why: 'because' } },
    });
  });

  it('that fails is answered without a word of how', async () => {
    const told = (await answer(request({ id: 7, method: 'break' }))) ?? '';
    expect(JSON.parse(told)).toEqual(error(-32603, 7));
    expect(told).not.toContain('secret');
  });

  it.each([
    ['no JSON', '{"jsonrpc": "2.0", "method": "echo', error(-32700)],
    ['a batch that is no JSON', '[{"jsonrpc": "2.0", "method": "echo", "id": 1}, {"jsonrpc"]', error(-32700)],
    ['a number', '1', error(-32600)],
    ['text', '"echo"', error(-32600)],
    ['null', 'null', error(-32600)],
    ['another version', '{"jsonrpc": "1.0", "method": "echo", "id": 1}', error(-32600, 1)],
    ['no version', '{"method": "echo", "id": 1}', error(-32600, 1)],
    ['no method', '{"jsonrpc": "2.0", "id": "x"}', error(-32600, 'x')],
    ['a method that is no name', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(-32600)],
    ['params that are none', request({ id: 3, params: 'bar' }), error(-32600, 3)],
    ['an id that is none', request({ id: {} }), error(-32600)],
    ['an id that is a truth', request({ id: true }), error(-32600)],
    ['an id that is a fraction', request({ id: 1.5 }), error(-32600)],
    ['an id that would come back as another', '{"jsonrpc":"2.0","method":"echo","id":9007199254740993}', error(-32600)],
    ['an id that would come back as null', '{"jsonrpc":"2.0","method":"echo","id":1e400}', error(-32600)],
    ['params by position', request({ id: 4, params: [1] }), error(-32602, 4)],
    ['a method that is not there', request({ id: 5, method: 'nothing' }), error(-32601, 5)],
    ['a name that all objects have', request({ id: 6, method: '__proto__' }), error(-32601, 6)],
  ])('is refused by its code: %s', async (_, line, expected) => {
    expect(await ask(line)).toEqual(expected);
  });
});

describe('a notification', () => {
  it.each(['echo', 'refuse', 'break', 'nothing'])('is carried out and not answered, whatever becomes of it: %s', async method => {
    calls.length = 0;
    expect(await ask(request({ method, params: { a: 1 } }))).toBeNull();
    expect(calls).toEqual([[method, { a: 1 }]]);
  });

  it('is a request with an id of null not', async () => {
    expect(await ask(request({ id: null }))).not.toBeNull();
  });
});

describe('a batch', () => {
  it('is answered by one line, in its order, without its notifications', async () => {
    const lines = [request({ id: 1, params: { a: 1 } }), request({ params: {} }), request({ id: 2, method: 'refuse' }), '1'];
    expect(await ask(`[${lines.join(', ')}]`)).toEqual([
      { jsonrpc: '2.0', id: 1, result: { a: 1 } },
      error(-32000, 2),
      error(-32600),
    ]);
  });

  it('of invalid requests has an answer for each', async () => {
    expect(await ask('[1,2,3]')).toEqual([error(-32600), error(-32600), error(-32600)]);
    expect(await ask('[[]]')).toEqual([error(-32600)]);
  });

  it('of notifications alone is not answered', async () => {
    expect(await ask(`[${request({})}, ${request({ method: 'nothing' })}]`)).toBeNull();
  });

  it('that is empty, or longer than it may be, is refused as a whole, and nothing of it is done', async () => {
    calls.length = 0;
    const many = (count: number): string => `[${Array.from({ length: count }, (_, id) => request({ id })).join(',')}]`;
    expect(await ask('[]')).toEqual(error(-32600));
    expect(await ask(many(MAX_BATCH + 1))).toEqual(error(-32600));
    expect(calls).toEqual([]);
    expect(await ask(many(MAX_BATCH))).toHaveLength(MAX_BATCH);
  });

  it('has its calls begun in their order', async () => {
    calls.length = 0;
    await ask(`[${[3, 1, 2].map(a => request({ id: a, params: { a } })).join(',')}]`);
    expect(calls.map(([, params]) => params)).toEqual([{ a: 3 }, { a: 1 }, { a: 2 }]);
  });
});

describe('any line', () => {
  const requestish = fc.record(
    {
      jsonrpc: fc.constantFrom<unknown>('2.0', '2', 2),
      method: fc.oneof(fc.constantFrom('echo', 'refuse', 'break', '__proto__', 'constructor'), fc.anything()),
      params: fc.anything(),
      id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const lines = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.oneof(requestish, fc.array(requestish, { maxLength: 5 })).map(value => JSON.stringify(value) ?? ''),
  );

  it('gets one answer or none, and it is an answer', async () => {
    await fc.assert(
      fc.asyncProperty(lines, async line => {
        const told = await answer(line);
        if (told === null) return;
        expect(told).not.toContain('\n');
        const responses: unknown = JSON.parse(told);
        const list = Array.isArray(responses) ? responses : [responses];
        expect(list.length).toBeGreaterThan(0);
        for (const response of list as Record<string, unknown>[]) {
          expect(response['jsonrpc']).toBe('2.0');
          expect(Object.hasOwn(response, 'id')).toBe(true);
          expect(Object.hasOwn(response, 'result')).not.toBe(Object.hasOwn(response, 'error'));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
