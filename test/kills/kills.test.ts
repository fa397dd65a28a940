/** The short form of `npm run kills`. */
import { expect, it } from 'vitest';
import { haveLibtorrent } from '../peers/libtorrent.ts';
import { kills } from './kills.ts';

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

it.skipIf(missing !== '')(
  `what was killed at any moment has claimed nothing that is not there, and ends with every byte right${missing}`,
  { timeout: 300_000 },
  async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const report = await kills(12, seed, () => undefined);
    expect(report.wrong, `seed ${seed}`).toEqual([]);
    expect(report.rounds).toBeGreaterThan(0);
    expect(report.recorded + report.reported).toBeGreaterThan(100);
  },
);
