import { expect, test } from 'vitest';
import { Epochs } from '../../daemon/host/store/epochs.ts';
import { LeaseKeeper } from '../../daemon/host/control/lease-keeper.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { tempFolder, until } from './temp.ts';

async function setUp() {
  const timers = new FakeTimers();
  const told: string[] = [];
  let ended = (): void => undefined;
  const keeper = new LeaseKeeper({
    epochs: await Epochs.open(
      tempFolder(),
      () => undefined,
      () => 0,
    ),
    away: {
      start(_token, whenEnded) {
        told.push('start');
        ended = whenEnded;
      },
      kill: hasYielded => told.push(`kill ${hasYielded}`),
      hasWork: true,
    },
    clock: { now: () => timers.now, after: timers.after },
    events: {
      granted: (to, epoch) => told.push(`grant ${to}, ${epoch}`),
      recalled: from => told.push(`recall ${from}`),
      revoked: () => told.push('revoke'),
      failed: () => told.push('failed'),
      changed: () => undefined,
    },
  });
  keeper.begin();
  return { keeper, timers, told, end: () => ended() };
}

test('who was not told of the lease before another is to have it is asked nothing, and the other need not wait', async () => {
  const { keeper, told } = await setUp();
  // The epoch of the first grant is not on the disk yet when the app comes.
  keeper.join({ id: 1, install: '(away)', kind: 'away' });
  keeper.join({ id: 2, install: 'a', kind: 'app' });
  await until(() => told.includes('grant 2, 2'), 'the grant');
  expect(told).toEqual(['start', 'kill true', 'revoke', 'grant 2, 2']);
  // Whoever was told is asked.
  keeper.join({ id: 3, install: 'b', kind: 'app' });
  keeper.take(3);
  expect(told.at(-1)).toBe('recall 2');
});

test('a host is needed until its own engine has found nothing to do, while that is down as well', async () => {
  const { keeper, timers, told, end } = await setUp();
  end();
  timers.advance(4_000);
  expect([told, keeper.holder, keeper.isNeeded]).toEqual([['start'], null, true]);
  timers.advance(1_000);
  expect(told).toEqual(['start', 'start']);
  keeper.join({ id: 1, install: '(away)', kind: 'away' });
  await until(() => told.includes('grant 1, 1'), 'the grant');
  keeper.yield(1, { reserve: 0, work: false });
  keeper.leave(1);
  end();
  expect([told.slice(3), keeper.isNeeded]).toEqual([['kill true', 'revoke'], false]);
});
