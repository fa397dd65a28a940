import { describe, expect, it } from 'vitest';
import type { Connection, Problem } from '../../sw/view-model.ts';
import { describeConnection, describePairing } from '../../web/connection-words.ts';
import { nowOf } from '../../web/now.ts';
import { nameProblem } from '../../web/problems.ts';
import { explainProblem } from '../../web/reasons.ts';
import { describeSaid } from '../../web/refusals.ts';
import { needsAttention, spokenRow, statusOf } from '../../web/words.ts';
import { CONNECTED, LOST, nineTorrents, ROOTS, UNPAIRED } from '../fakes/mock-torrents.ts';

const describeProblem = (...of: Parameters<typeof explainProblem>): ReturnType<typeof explainProblem> & { short: string } => ({
  ...explainProblem(...of),
  short: nameProblem(...of),
});
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const ABOUT = { free: 1.2e9, folder: 'Films', origin: 'Downloads', isHere: false, hasOther: false, mayStay: false };

const PROBLEMS: readonly Problem[] = [
  { code: 'disk-full', needed: 68e9 },
  { code: 'disk-quota' },
  { code: 'file-too-large' },
  { code: 'read-only' },
  { code: 'denied' },
  { code: 'folder-gone' },
  { code: 'file-gone' },
  { code: 'file-busy' },
  { code: 'file-unsafe' },
  { code: 'file-conflict' },
  { code: 'io' },
  { code: 'limit' },
  ...(
    [
      'disk-full',
      'disk-quota',
      'file-too-large',
      'read-only',
      'denied',
      'folder-gone',
      'file-gone',
      'file-busy',
      'file-unsafe',
      'file-conflict',
      'io',
      'limit',
    ] as const
  ).map(why => ({ code: 'not-moved' as const, why, left: 3, needed: 2e9, from: 'a' })),
  { code: 'moving', moved: 1, of: 4 },
  { code: 'daemon-away' },
  { code: 'no-peers' },
  { code: 'no-metadata' },
  { code: 'no-source-has-missing', missing: 12 },
  { code: 'choked', peers: 1 },
  { code: 'choked', peers: 4 },
  { code: 'silent', peers: 3 },
  { code: 'unreached', peers: 0 },
  { code: 'unreached', peers: 12 },
  { code: 'peers-gone', peers: 12 },
  { code: 'no-connections', most: 200 },
  { code: 'nothing-chosen' },
  { code: 'out-of-reach', trackers: 2, peers: 1 },
  { code: 'tracker', url: 'http://tracker.example/announce?key=secret', text: 'unregistered' },
  { code: 'state-not-saved', text: 'no space left' },
  { code: 'state-not-read', text: 'the record is not whole' },
  { code: 'not-brought', why: { code: 'bring-unanswered', values: {} } },
  { code: 'record-lost' },
  { code: 'list-too-long' },
  { code: 'metadata-refused', why: { code: 'torrent-unusable', values: { detail: 'it has no name' } } },
];

describe('problems of files in the browser', () => {
  it.each(PROBLEMS)('says of $code what happened, without a disk or a folder of the helper', problem => {
    const words = describeProblem(problem, {
      free: 1.2e9,
      folder: 'This browser',
      origin: '',
      isHere: true,
      hasOther: false,
      mayStay: false,
    });
    expect(words.short.length).toBeLessThan(60);
    expect(words.text.match(/[.!] |[.!]$/g)?.length).toBeGreaterThanOrEqual(2);
    expect(words.text).not.toMatch(/undefined|NaN|-1|The helper could|helper's disk/);
  });

  it('says how much room there is, and what to do', () => {
    const about = { free: 1.2e9, folder: 'This browser', origin: '', isHere: true, hasOther: false, mayStay: false };
    const { short, text } = describeProblem({ code: 'disk-full', needed: 9e9 }, about);
    expect(plain(short)).toBe('The browser’s storage is full: 9 GB needed, 1.2 GB free');
    expect(text).toContain('or get the helper');
    expect(describeProblem({ code: 'file-gone' }, about).text).toContain('The browser has cleared files');
  });
});

it('of a disk, and of a torrent that moves there, offer to keep it where all of it still is', () => {
  const about = { ...ABOUT, mayStay: true };
  const { text, remedy } = describeProblem({ code: 'disk-full', needed: 68e9 }, about);
  expect([text.endsWith('Or keep it in the browser, which still has all of it.'), remedy]).toEqual([true, 'stay']);
  expect(describeProblem({ code: 'no-peers' }, about).text).not.toContain('keep it');
});

describe('problems', () => {
  it.each(PROBLEMS)('says of $code what happened, what it means and what to do', problem => {
    const words = describeProblem(problem, ABOUT);
    expect(words.short.length).toBeLessThan(60);
    // A cause alone helps nobody: at least two sentences.
    expect(words.text.match(/[.!] |[.!]$/g)?.length).toBeGreaterThanOrEqual(2);
    expect(words.text).not.toMatch(/undefined|NaN|-1/);
  });

  it('tells how much is needed and how much is free', () => {
    const problem = { code: 'disk-full', needed: 67_912e6 } as const;
    const { short, text } = describeProblem(problem, ABOUT);
    expect(plain(short)).toBe('Disk is full: 68 GB needed, 1.2 GB free');
    // Rounded up: to free that much is enough.
    expect(plain(text)).toContain('Free another 66.8 GB, and it goes on by itself.');
    expect(plain(describeProblem(problem, { ...ABOUT, free: -1 }).short)).toBe('Disk is full: 68 GB needed');
    // Some of what is free may not be ours to use.
    expect(plain(describeProblem(problem, { ...ABOUT, free: 68e9 }).short)).toBe('Disk is full');
  });

  it('tells where files are that were not moved, and how much room they need', () => {
    const problem = { code: 'not-moved', why: 'disk-full', left: 3, needed: 68e9, from: 'a' } as const;
    const { short, text } = describeProblem(problem, ABOUT);
    expect(plain(short)).toBe('Not moved: 68 GB needed, 1.2 GB free');
    expect(text).toContain('3 files were not moved and are still in “Downloads”; nothing is lost.');
    expect(plain(text)).toContain('Free another 66.8 GB, and it goes on by itself');
    expect(describeProblem({ ...problem, why: 'file-conflict' }, { ...ABOUT, origin: '' }).text).toContain('old names');
  });

  it('names the tracker without its key, and quotes it', () => {
    const { text } = describeProblem(PROBLEMS.find(({ code }) => code === 'tracker') ?? { code: 'io' }, ABOUT);
    expect(text).toContain('tracker.example');
    expect(text).not.toContain('secret');
    expect(text).toContain('“unregistered”');
  });
});

it('has words for what is refused, and shows those that come from elsewhere', async () => {
  expect(await describeSaid({ code: 'told', values: { text: 'The file ends in the middle.' } })).toBe(
    'The file ends in the middle.',
  );
  expect(await describeSaid({ code: 'worker-restarted', values: {} })).toMatch(/try again/);
  const full = { folder: 'Films', needed: { bytes: 2e9 }, free: { bytes: 5e8 } };
  expect(await describeSaid({ code: 'root-full', values: full })).toContain(
    '“Films” has too little room, so nothing was moved: 2',
  );
  expect(await describeSaid({ code: 'root-in-use', values: { users: 1 } })).toMatch(/^A torrent has its files in this folder/);
  expect(describePairing(403)).toBe(
    'This pairing link was used or is older than two minutes. Run npm start again to get a new one.',
  );
  expect(describePairing(503)).toContain('cannot write to its home folder');
});

describe('the connection', () => {
  const AT_HELPER = { isFromHelper: true, isBlocked: false, isTried: false };
  const cases: readonly (readonly [string, Connection, string, string | null])[] = [
    ['connected', CONNECTED, 'Helper connected', 'network'],
    ['never paired', UNPAIRED, 'Browser only', 'pair'],
    [
      'never paired, in a browser that keeps nothing',
      { ...UNPAIRED, browser: { isReady: false, problem: 'No.', saving: [] } },
      'Set up helper',
      'pair',
    ],
    ['no longer paired', { ...UNPAIRED, everConnected: true }, 'Pair again', 'pair'],
    ['connecting', { ...CONNECTED, state: 'connecting' }, 'Connecting', null],
    ['lost', LOST, 'Helper lost', 'reconnect'],
    ['never reached', { ...LOST, everConnected: false }, 'Start helper', 'retry'],
    ['superseded', { ...LOST, superseded: true }, 'In use elsewhere', 'take'],
    ['an old helper', { ...CONNECTED, state: 'disconnected', outdated: 'helper' }, 'Update helper', 'retry'],
    ['an old app', { ...CONNECTED, state: 'disconnected', outdated: 'app' }, 'Reload the app', 'reload'],
    ['following', { ...CONNECTED, following: 'Firefox on Linux' }, 'Firefox on Linux is at work', 'take'],
    ['following one without a name', { ...CONNECTED, following: '' }, 'Another browser is at work', 'take'],
    ['following another version', { ...CONNECTED, following: '', outdated: 'other' }, 'Another browser is at work', 'take'],
    ['given up', { ...CONNECTED, gaveUp: true }, 'Helper stopped', 'restart'],
  ];
  it.each(cases)('%s', (_, connection, label, action) => {
    expect(describeConnection(connection, AT_HELPER)).toMatchObject({ label, action });
  });

  it('of a website that is paired no more has one thing to do, which is no command', () => {
    const words = describeConnection({ ...UNPAIRED, everConnected: true }, { ...AT_HELPER, isFromHelper: false });
    expect(words).toMatchObject({ label: 'Not paired any more', action: 'pair', showCommand: false });
  });

  it('of a website that does not find its helper is tried again first, and then paired', () => {
    const website = { ...AT_HELPER, isFromHelper: false };
    expect(describeConnection(LOST, website).action).toBe('reconnect');
    expect(describeConnection(LOST, { ...website, isTried: true }).action).toBe('pair');
    expect(describeConnection(LOST, { ...AT_HELPER, isTried: true }).action).toBe('reconnect');
    expect(describeConnection(LOST, { ...website, isBlocked: true })).toMatchObject({
      label: 'Helper blocked',
      action: 'reconnect',
      showCommand: false,
    });
  });

  it('says why nothing of another version is shown', () => {
    expect(describeConnection({ ...CONNECTED, following: '', outdated: 'other' }, AT_HELPER).text).toContain(
      'another version of the app',
    );
  });
});

describe('status', () => {
  const [downloading, , seeding, missing, , , full, , paused] = nineTorrents();
  it('says what a torrent does', () => {
    expect(statusOf(downloading!, ROOTS)).toEqual({ text: 'Downloading · 38 peers', tone: 'plain' });
    const alone = { ...downloading!, active: 0, peers: 0, webSeeds: 1 };
    expect(statusOf(alone, ROOTS).text).toBe('Downloading · 1 web seed');
    expect(plain(nowOf(alone, ROOTS))).toBe('Downloading from 1 web seed, 18 s left');
    expect(plain(nowOf({ ...downloading!, webSeeds: 2 }, ROOTS))).toBe(
      'Downloading from 38 of 41 peers and 2 web seeds, 18 s left',
    );
    expect(statusOf(seeding!, ROOTS)).toEqual({ text: 'Seeding · ratio 1.42', tone: 'good' });
    expect(statusOf(missing!, ROOTS)).toEqual({ text: 'No peer has the missing 12 pieces', tone: 'warn' });
    expect(statusOf(full!, ROOTS).tone).toBe('bad');
    expect(statusOf(paused!, ROOTS).text).toBe('Paused');
    expect(plain(nowOf(downloading!, ROOTS))).toBe('Downloading from 38 of 41 peers, 18 s left');
  });

  it('calls for attention only where a person can help', () => {
    const refused: Problem = { code: 'tracker', url: 'http://t/', text: 'no' };
    expect(needsAttention(full!)).toBe(true);
    expect(needsAttention({ ...downloading!, problem: refused })).toBe(false);
    expect(needsAttention({ ...downloading!, active: 0, problem: refused })).toBe(true);
    expect(needsAttention({ ...downloading!, state: 'waiting', problem: { code: 'daemon-away' } })).toBe(false);
    expect(needsAttention({ ...paused!, problem: { code: 'no-peers' } })).toBe(false);
  });

  it('speaks a row, its name first', () => {
    expect(plain(spokenRow(downloading!, ROOTS))).toBe(
      'ubuntu-26.04-desktop-amd64.iso, Downloading, 38 peers, 70 % of 5.82 GB, 92.1 MB/s down, 1.1 MB/s up, 18 s left',
    );
  });
});
