import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS, relabel } from '../../sw/engine/options.ts';
import { decodeProgressRecord, decodeTorrentRecord, encodeProgressRecord, encodeTorrentRecord } from '../../sw/engine/resume.ts';
import type { TorrentRecord } from '../../sw/engine/resume.ts';
import { SeedingLimit } from '../../sw/engine/seeding-limit.ts';

const NEVER = { stopRatio: 0, stopSeedingTime: 0 };
const UNSET = { stopRatio: null, stopSeedingTime: null };

describe('the limit of seeding', () => {
  const seedFor = (limit: SeedingLimit, seconds: number, from = 0): void => {
    for (let second = 0; second <= seconds; second++) limit.tick(true, from + second * 1000);
  };

  it('is a ratio to the size, or minutes of seeding, the torrent’s own before that of all', () => {
    const limit = new SeedingLimit();
    limit.tick(false, 0);
    seedFor(limit, 600);
    expect(limit.reached(199, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET)).toBeNull();
    expect(limit.reached(200, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET)).toEqual({ by: 'ratio', limit: 2 });
    expect(limit.reached(200, 100, { stopRatio: 2, stopSeedingTime: 0 }, { ...UNSET, stopRatio: 0 })).toBeNull();
    expect(limit.reached(0, 100, NEVER, { ...UNSET, stopSeedingTime: 10 })).toEqual({ by: 'time', limit: 10 });
    expect(limit.reached(0, 100, NEVER, { ...UNSET, stopSeedingTime: 11 })).toBeNull();
    expect(limit.reached(5, 0, { stopRatio: 1, stopSeedingTime: 0 }, UNSET)).toBeNull();
  });

  it('counts time that was spent seeding, and neither what was not nor what the computer slept', () => {
    const limit = new SeedingLimit();
    for (let second = 0; second < 100; second++) limit.tick(second >= 40 && second < 60, second * 1000);
    expect(limit.seeded).toBe(20_000);
    limit.tick(true, 100_000);
    limit.tick(true, 8 * 3600_000);
    expect(limit.seeded).toBeLessThanOrEqual(23_000);
  });

  it('is recorded every ten minutes', () => {
    const limit = new SeedingLimit();
    let records = 0;
    for (let second = 0; second < 3605; second++) if (limit.tick(true, second * 1000)) records += 1;
    expect(records).toBe(6);
  });

  it('does not hold for one that was started again, until limits are set for it', () => {
    const limit = new SeedingLimit();
    limit.stopped = limit.reached(300, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET);
    limit.resume();
    expect(limit.stopped).toBeNull();
    expect(limit.reached(900, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET)).toBeNull();
    limit.anew();
    expect(limit.reached(900, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET)).toEqual({ by: 'ratio', limit: 2 });
  });

  it('is not lifted by starting one that a person paused', () => {
    const limit = new SeedingLimit();
    limit.resume();
    expect(limit.reached(300, 100, { stopRatio: 2, stopSeedingTime: 0 }, UNSET)).not.toBeNull();
  });
});

describe('labels', () => {
  it('are trimmed, each there once, in the order they came', () => {
    expect(relabel(['b'], [' a ', 'b', '', '  ', 'c'], [])).toEqual(['b', 'a', 'c']);
    expect(relabel(['a', 'b', 'c'], ['d'], ['b', ' c '])).toEqual(['a', 'd']);
  });

  it('are at most 20 of 64 characters', () => {
    const many = Array.from({ length: 30 }, (_, index) => `label ${index}`);
    expect(relabel([], many, [])).toEqual(many.slice(0, 20));
    expect(relabel([], ['x'.repeat(70)], [])[0]).toHaveLength(64);
  });
});

describe('the record of a torrent', () => {
  const record: TorrentRecord = {
    hashes: { v1Hash: '11'.repeat(20), v2Hash: null },
    name: 'n',
    trackers: [['http://a/', 'http://b/'], ['udp://c:1']],
    peers: [],
    webSeeds: [],
    httpSeeds: [],
    sources: [],
    comment: '',
    addedAt: 1,
    root: 'r',
    folder: '',
    renames: new Map(),
    strays: [],
    paused: true,
    isPrivate: true,
    priorities: new Uint8Array(0),
    selectOnly: null,
    options: { ...DEFAULT_OPTIONS, forceStart: true, stopRatio: 1.25, stopSeedingTime: 0 },
    place: -(2 ** 40),
    stopped: { by: 'time', limit: 90 },
    seedsOn: true,
    awaited: null,
    absent: null,
    leaving: null,
  };

  it('keeps its place, its limits and why it stopped', () => {
    expect(decodeTorrentRecord(encodeTorrentRecord(record))).toEqual(record);
    const other = { ...record, stopped: { by: 'ratio' as const, limit: 2.5 }, seedsOn: false, place: 2 ** 45 };
    expect(decodeTorrentRecord(encodeTorrentRecord(other))).toEqual(other);
    expect(decodeTorrentRecord(encodeTorrentRecord({ ...record, stopped: null }))?.stopped).toBeNull();
  });

  it('keeps how long it was seeded', () => {
    const progress = {
      have: new Uint8Array(1),
      maybe: [],
      stats: [],
      parts: [],
      partials: [],
      uploaded: 1,
      downloaded: 2,
      doneAt: 3,
      seeded: 4_000,
    };
    expect(decodeProgressRecord(encodeProgressRecord(progress))?.seeded).toBe(4_000);
  });
});
