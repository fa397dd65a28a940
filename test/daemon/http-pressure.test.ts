import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { HttpOut } from '../../daemon/io/http-out.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { type Frame, NetStatus, Op } from '../../daemon/wire/frames.ts';

/** Landing memory that is short when a test says so. */
class ShortLanding extends Landing {
  isShort = true;

  override get isFull(): boolean {
    return this.isShort;
  }
}

describe('while memory is short', () => {
  it('a body rests, however long, and goes on afterwards', async () => {
    const length = 32 << 20;
    const server = createServer((_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-${length - 1}/${length}`, 'content-length': length });
      response.end(Buffer.alloc(length, 5));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const landing = new ShortLanding(new HashPool(), new MemoryPool());
    landing.open(1, length, new Uint8Array(), []);
    const told: Frame[] = [];
    const counters = { netIn: 0 };
    const outbox = { push: (frame: Frame) => void told.push(frame), later: (tell: () => void) => tell() };
    const http = new HttpOut(new Guard(['127.0.0.0/8']), landing, new Throttle(PROCESS_TIME), counters, outbox);
    const places = [{ buffer: 1, offset: 0, length }];
    const done = http.land(1, {
      op: Op.HTTP_LAND,
      id: 1,
      url: base,
      range: true,
      from: 0,
      total: length,
      silenceMs: 500,
      group: 0,
      places,
    });
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(told).toEqual([]);
    expect(counters.netIn).toBeLessThan(1 << 20);
    landing.isShort = false;
    http.steer();
    await done;
    expect(told.at(-1)).toMatchObject({ op: Op.HTTP_ENDED, net: NetStatus.OK });
    expect(counters.netIn).toBe(length);
    http.end();
    server.close();
  });
});
