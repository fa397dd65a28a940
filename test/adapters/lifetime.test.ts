import { describe, expect, it } from 'vitest';
import { KEEPALIVE_PATH } from '../../sw/api.ts';
import { Lifetime } from '../../sw/lifetime.ts';

const at = (path: string): URL => new URL(path, 'http://127.0.0.1:7800');

function hold(lifetime: Lifetime): ReadableStreamDefaultReader<Uint8Array> {
  const body = lifetime.respond(at(KEEPALIVE_PATH))?.body;
  if (body === null || body === undefined) throw new Error('no stream');
  return body.getReader();
}

describe('the keep-alive stream', () => {
  it('begins at once and does not end by itself', async () => {
    const lifetime = new Lifetime(
      () => undefined,
      () => undefined,
    );
    const reader = hold(lifetime);
    expect((await reader.read()).value).toHaveLength(1);
    const next = await Promise.race([reader.read(), new Promise(resolve => setTimeout(resolve, 50, 'still open'))]);
    expect(next).toBe('still open');
    lifetime.end();
  });

  it('counts the windows and tells when one lets go', async () => {
    let held = 0;
    let released = 0;
    const lifetime = new Lifetime(
      () => held++,
      () => released++,
    );
    const first = hold(lifetime);
    hold(lifetime);
    expect(lifetime.windows).toBe(2);
    await first.cancel();
    expect([lifetime.windows, held, released]).toEqual([1, 2, 1]);
    lifetime.end();
  });

  it('ends for an update, and is not given again', async () => {
    const lifetime = new Lifetime(
      () => undefined,
      () => undefined,
    );
    const reader = hold(lifetime);
    await reader.read();
    lifetime.end();
    expect((await reader.read()).done).toBe(true);
    expect(lifetime.respond(at(KEEPALIVE_PATH))?.status).toBe(503);
    expect(lifetime.windows).toBe(0);
  });

  it('is refused to who asks for too many', () => {
    const lifetime = new Lifetime(
      () => undefined,
      () => undefined,
    );
    const statuses = Array.from({ length: 300 }, () => lifetime.respond(at(KEEPALIVE_PATH))?.status);
    expect(statuses.filter(status => status === 200)).toHaveLength(256);
    expect(statuses.at(-1)).toBe(503);
    lifetime.end();
  });
});

describe('other requests', () => {
  it('are answered where they are pings, and left alone where they are not', () => {
    const lifetime = new Lifetime(
      () => undefined,
      () => undefined,
    );
    expect(lifetime.respond(at('/~ping'))?.status).toBe(204);
    expect(lifetime.respond(at('/index.html'))).toBeNull();
  });
});
