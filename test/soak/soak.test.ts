/** The short form of `npm run soak`: long enough to leave something behind, too short to speak of memory. */
import { expect, it } from 'vitest';
import { haveLibtorrent } from '../peers/libtorrent.ts';
import { soak } from './soak.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

it.skipIf(missing !== '')(
  `downloads, sends back and removes, among rude peers, and leaves no file, socket, timer or thread behind${missing}`,
  { timeout: 300_000 },
  async () => {
    const report = await soak(0, () => undefined);
    expect(report.left).toEqual([]);
    expect(report.rounds).toBe(3);
    expect(report.rude).toBeGreaterThan(0);
  },
);
