import { expect, test } from 'vitest';
import { MAX_STATE_VALUE } from '../../daemon/wire/control-codec.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { Recorder, type Recordable } from '../../sw/engine/recorder.ts';

/** A recorder of a torrent with this much of an info dictionary and of layers, and the lengths of what it records. */
function recorderOf(info: number, layers: readonly number[]) {
  const written: (number | null)[] = [];
  const torrent = {
    started: true,
    meta: { info: new Uint8Array(info) },
    pieceHashes: { layers: new Map(layers.map((length, at) => [at.toString(16).padStart(64, '0'), new Uint8Array(length)])) },
  } as unknown as Recordable;
  const out = (effect: Effect): void => {
    if (effect.do === 'record') written.push(effect.value?.length ?? null);
  };
  return { recorder: new Recorder(torrent, out), torrent, written };
}

test.each([
  ['a long dictionary', (16 << 20) - 1024, []],
  ['many layers', 1000, Array.from({ length: 1000 }, () => (16 << 10) - 64)],
])('a record of files that is kept is no longer than the host takes: %s', (_, info, layers) => {
  const { recorder, written } = recorderOf(info, layers);
  recorder.writeInfo();
  expect(recorder.isTooLong).toBe(false);
  expect(written).toHaveLength(1);
  expect(written[0]).toBeLessThanOrEqual(MAX_STATE_VALUE);
});

test.each([
  ['dictionary', 16 << 20, []],
  ['dictionary and layers', 8 << 20, [4 << 20, 4 << 20]],
])('where a %s would be longer it is not tried, not tried again, and nobody waits for it', (_, info, layers) => {
  const { recorder, written } = recorderOf(info, layers);
  recorder.isInfoKept = true;
  recorder.writeInfo();
  recorder.writeInfoSoon(0);
  expect(recorder.isSettled).toBe(false);
  for (let now = 0; now < 60_000; now += 1000) recorder.tick(null, now);
  expect(written).toEqual([]);
  expect(recorder).toMatchObject({ isTooLong: true, isSettled: true, isIdle: true, isInfoKept: false });
});
