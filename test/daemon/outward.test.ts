import { expect, it, vi } from 'vitest';
import { Outward } from '../../daemon/io/outward.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { RateDirection } from '../../daemon/wire/frames.ts';
import { VirtualClock } from '../sim/clock.ts';

it('payload that is cut off by the end keeps its memory until the system has taken the slice under way', () => {
  const clock = new VirtualClock();
  const throttle = new Throttle({ now: () => clock.time, after: (ms, run) => clock.after(ms, run) });
  throttle.set({ id: 0, group: 1, parent: 0, direction: RateDirection.SEND, rate: 20_000 });
  const taken: (() => void)[] = [];
  const outward = new Outward(throttle, (_parts, written) => {
    if (written !== undefined) taken.push(() => written());
  });
  outward.flow.join(1);
  const written = vi.fn();
  outward.pay([new Uint8Array(1 << 20)], written);
  clock.run(1_000);
  expect(taken).toHaveLength(1);
  outward.end();
  expect(written).not.toHaveBeenCalled();
  taken[0]?.();
  expect(written).toHaveBeenCalledExactlyOnceWith(expect.any(Error));
});
