import { expect, it } from 'vitest';
import type { FromWorker } from '../../sw/api.ts';
import { RelayedQueue } from '../../sw/relayed-queue.ts';
import { A } from './rows.ts';

it('what waits for a browser that follows has room for the longest torrent file, by what it takes on the way', () => {
  const handoff = (bytes: number): FromWorker => ({
    type: 'handoff',
    handoff: 1,
    added: { id: A, already: false, brought: false, isBack: false },
    source: { kind: 'file', bytes: new Uint8Array(bytes).fill(200) },
  });
  const queue = new RelayedQueue();
  expect(queue.add(handoff(10_000_000))).toBe(true);
  expect(queue.add(handoff(10_000_000))).toBe(false);
  queue.clear();
  expect(queue.add(handoff(10_000_000))).toBe(true);
  expect(queue.next()?.type).toBe('handoff');
  expect(queue.add(handoff(10_000_000))).toBe(true);
});
