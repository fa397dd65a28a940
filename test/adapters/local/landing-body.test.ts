import { describe, expect, it } from 'vitest';
import { LandingBody, Misfit } from '../../../sw/adapters/local/landing-body.ts';
import type { Place } from '../../../sw/engine/events.ts';
import { FakeSink } from './sink.ts';

const BLOCK = 1 << 14;
const BODY = Uint8Array.from({ length: 4 * BLOCK }, (_, at) => (at * 7) % 251);

describe('a body that lands', () => {
  it('is taken no further where there is no room, and nothing of it is thrown away', async () => {
    const sink = new FakeSink();
    const whole = sink.open(1, BODY.length);
    sink.space = 2 * BLOCK;
    const told: Place[] = [];
    const landing = new LandingBody(sink, [{ buffer: 1, offset: 0, length: BODY.length }], place => told.push(place));
    let isTaken = false;
    const taken = landing.write(BODY.slice()).then(() => (isTaken = true));
    await new Promise(resolve => setImmediate(resolve));
    // What is in place is told at once.
    expect([isTaken, told]).toEqual([false, [{ buffer: 1, offset: 0, length: 2 * BLOCK }]]);
    expect(whole.subarray(2 * BLOCK).every(byte => byte === 0)).toBe(true);
    await sink.free(BLOCK);
    expect(isTaken).toBe(false);
    await sink.free(Infinity);
    await taken;
    landing.end();
    expect(told.reduce((sum, { length }) => sum + length, 0)).toBe(BODY.length);
    expect(Buffer.compare(whole, BODY)).toBe(0);
    await expect(landing.write(new Uint8Array(1))).rejects.toThrow(Misfit);
  });
});
