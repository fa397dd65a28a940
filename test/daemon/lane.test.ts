import { describe, expect, it } from 'vitest';
import { Lane } from '../../daemon/io/lane.ts';

describe('a lane', () => {
  it('runs so many at once, the others in their order, and takes no more than may wait', async () => {
    const lane = new Lane(2, 3);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const task = (index: number) => () => {
      begun.push(index);
      return new Promise<number>(resolve => ends.push(() => resolve(index)));
    };
    const runs = [0, 1, 2, 3, 4].map(index => lane.run(task(index)));
    expect(begun).toEqual([0, 1]);
    expect(lane.run(task(5))).toBeNull();
    for (let index = 0; index < 5; index++) {
      ends[index]?.();
      expect(await runs[index]).toBe(index);
      await new Promise(resolve => setImmediate(resolve));
      expect(begun).toEqual([0, 1, 2, 3, 4].slice(0, index + 3));
    }
  });

  it('goes on after a task that failed', async () => {
    const lane = new Lane(1, 10);
    const failed = lane.run(() => Promise.reject(new Error('no')));
    const next = lane.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
