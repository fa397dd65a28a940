/** .torrent files that come into a watched folder. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  USUAL,
  MAX_WAITING,
  type Taken,
  type Timing,
  TorrentWatch,
  type WatchedFolder,
} from '../../daemon/host/folders/torrent-watch.ts';
import { type ControlFrame, ControlOp, HandedState, HandoffKind } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import { OwnFiles } from '../../daemon/host/folders/own-files.ts';
import { control, pair, testHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

const QUICK: Timing = { period: 20, settled: 60, abandoned: 300, pace: 0, reread: 60_000 };
const MAX_BYTES = 1_000;
const ROOT = 'r'.repeat(64);

let folder: string;
let notices: string[];
let handed: { text: string; root: string }[];
/** How the engine answers. */
let answer: (text: string) => Taken;
/** Names that torrents have. */
let owned: Set<string>;
let home: string;
let stop: () => void;

beforeEach(() => {
  folder = tempFolder();
  home = tempFolder();
  owned = new Set();
  notices = [];
  handed = [];
  answer = text => (text.startsWith('d') && text.endsWith('e') ? 'taken' : { refused: 'It is no torrent.' });
});

async function watch({ since = 0, place = (): string | null => folder, timing = QUICK, hand = () => Promise.resolve() } = {}) {
  const watched: WatchedFolder[] = [{ root: ROOT, since }];
  const watcher = new TorrentWatch({
    watched: () => watched,
    placeOf: () => Promise.resolve(place()),
    isOfTorrent: name => Promise.resolve(owned.has(name)),
    own: await OwnFiles.open(home, () => undefined),
    hand: async (torrent, root) => {
      await hand();
      const text = Buffer.from(torrent).toString();
      handed.push({ text, root });
      return answer(text);
    },
    maxBytes: MAX_BYTES,
    notice: text => notices.push(text),
    log: () => undefined,
    timing,
  });
  stop = () => watcher.stop();
  onTestFinished(stop);
  return watched;
}

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const names = (): string[] => readdirSync(folder).sort();
/** Several looks have passed. */
const quiet = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 400));

describe('a watched folder', () => {
  it('has new files taken once, each called .added then, and nothing else touched', async () => {
    put('before.torrent', 'd1e');
    await watch();
    put('New film.torrent', 'd2e');
    put('LOUD.TORRENT', 'd3e');
    put('notes.txt', 'd4e');
    put('.hidden.torrent', 'd5e');
    mkdirSync(join(folder, 'folder.torrent'));
    await until(() => handed.length >= 3, 'three files');
    await quiet();
    expect(handed.map(({ text }) => text).sort()).toEqual(['d1e', 'd2e', 'd3e']);
    expect(handed.every(({ root }) => root === ROOT)).toBe(true);
    const left = ['.hidden.torrent', 'LOUD.TORRENT.added', 'New film.torrent.added', 'before.torrent.added', 'folder.torrent'];
    expect(names()).toEqual([...left, 'notes.txt'].sort());
    expect(readFileSync(join(folder, 'New film.torrent.added'), 'utf8')).toBe('d2e');
  });

  it('leaves what was there before it was watched', async () => {
    put('old.torrent', 'd1e');
    await new Promise(resolve => setTimeout(resolve, 20));
    const since = Date.now();
    await new Promise(resolve => setTimeout(resolve, 20));
    await watch({ since });
    put('new.torrent', 'd2e');
    await until(() => handed.length > 0, 'the new one');
    await quiet();
    expect(handed.map(({ text }) => text)).toEqual(['d2e']);
    expect(names()).toEqual(['new.torrent.added', 'old.torrent']);
    // One that a person has moved there again is new.
    renameSync(join(folder, 'old.torrent'), join(folder, 'again.torrent'));
    await until(() => handed.length === 2, 'the other one');
  });

  it('waits for a file that is still being written', async () => {
    await watch({ timing: { ...QUICK, abandoned: 60_000 } });
    put('slow.torrent', 'd');
    for (let n = 0; n < 12; n++) {
      await new Promise(resolve => setTimeout(resolve, 25));
      appendFileSync(join(folder, 'slow.torrent'), String(n));
    }
    appendFileSync(join(folder, 'slow.torrent'), 'e');
    await until(() => names().includes('slow.torrent.added'), 'the whole file');
    expect(handed.at(-1)?.text).toBe('d01234567891011e');
    expect(notices).toEqual([]);
  });

  it('leaves what is no torrent as it is, and says so once', async () => {
    put('broken.torrent', 'nothing');
    put('huge.torrent', '');
    truncateSync(join(folder, 'huge.torrent'), MAX_BYTES + 1);
    await watch();
    await until(() => notices.length === 2, 'both');
    expect(notices.join()).toContain('It is no torrent.');
    expect(notices.join()).toContain('larger than any torrent');
    expect(notices.join()).not.toContain('broken');
    const tries = handed.length;
    put('broken.torrent', 'nothing else');
    await until(() => handed.length > tries, 'another try');
    await quiet();
    await quiet();
    expect(handed.every(({ text }) => text.startsWith('nothing'))).toBe(true);
    expect(notices).toHaveLength(2);
    expect(names()).toEqual(['broken.torrent', 'huge.torrent']);
  });

  it('leaves alone for good what is of a torrent, whatever becomes of that', async () => {
    owned.add('bonus.torrent');
    put('bonus.torrent', 'd');
    await watch();
    await quiet();
    put('bonus.torrent', 'd1e');
    await quiet();
    // Its torrent was removed from the list.
    owned.clear();
    appendFileSync(join(folder, 'bonus.torrent'), 'e');
    await quiet();
    // The next host.
    stop();
    await quiet();
    await watch();
    put('film.torrent', 'd2e');
    await until(() => names().includes('film.torrent.added'), 'another one');
    await quiet();
    expect(handed.map(({ text }) => text)).toEqual(['d2e']);
    expect(notices).toEqual([]);
    expect(names()).toEqual(['bonus.torrent', 'film.torrent.added']);
    // One that a person puts in its place is theirs.
    put('other', 'd3e');
    renameSync(join(folder, 'other'), join(folder, 'bonus.torrent'));
    await until(() => names().includes('bonus.torrent.added'), 'the one in its place');
    expect(handed.at(-1)?.text).toBe('d3e');
  });

  it('has nothing of a torrent renamed that it was started for', async () => {
    put('self.torrent', 'd1e');
    await watch({ hand: () => Promise.resolve(void owned.add('self.torrent')) });
    await until(() => handed.length === 1, 'it');
    await quiet();
    expect(names()).toEqual(['self.torrent']);
  });

  it('reads a file that is saved anew while the one before is handed over', async () => {
    let isFirst = true;
    put('film.torrent', 'd1e');
    await watch({
      hand: () => {
        if (isFirst) put('film.torrent', 'd22e');
        isFirst = false;
        return Promise.resolve();
      },
    });
    await until(() => names().join() === 'film.torrent.added', 'the second');
    expect(handed.map(({ text }) => text)).toEqual(['d1e', 'd22e']);
    expect(readFileSync(join(folder, 'film.torrent.added'), 'utf8')).toBe('d22e');
  });

  it('takes a file that was mended before it was given up', async () => {
    await watch({ timing: { ...QUICK, abandoned: 60_000 } });
    put('mended.torrent', 'd1');
    await until(() => handed.length > 0, 'a first try');
    put('mended.torrent', 'd1e');
    await until(() => names().includes('mended.torrent.added'), 'it');
  });

  it('replaces nothing by a file that it renames', async () => {
    put('film.torrent.added', 'earlier');
    put('film.torrent', 'd1e');
    await watch();
    await until(() => names().includes('film.torrent.2.added'), 'another name');
    expect(readFileSync(join(folder, 'film.torrent.added'), 'utf8')).toBe('earlier');
    expect(names()).toEqual(['film.torrent.2.added', 'film.torrent.added']);
  });

  it('follows no link and waits for no pipe', async () => {
    const elsewhere = join(tempFolder(), 'secret.torrent');
    writeFileSync(elsewhere, 'd9e');
    symlinkSync(elsewhere, join(folder, 'link.torrent'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'broken.torrent'));
    if (process.platform === 'linux') execFileSync('mkfifo', [join(folder, 'pipe.torrent')]);
    await watch();
    put('real.torrent', 'd1e');
    await until(() => handed.length > 0, 'the real one');
    await quiet();
    expect(handed.map(({ text }) => text)).toEqual(['d1e']);
    expect(names()).toContain('link.torrent');
    expect(notices).toEqual([]);
  });

  it('keeps a file as it is while nobody is there to take it', async () => {
    answer = () => 'later';
    put('film.torrent', 'd1e');
    await watch();
    await until(() => handed.length > 3, 'several tries');
    await quiet();
    expect(names()).toEqual(['film.torrent']);
    answer = () => 'taken';
    await until(() => names().join() === 'film.torrent.added', 'somebody');
  });

  it('is left alone while its disk is away, and watched again once that is back', async () => {
    let isThere = false;
    put('film.torrent', 'd1e');
    await watch({ place: () => (isThere ? folder : null) });
    await quiet();
    expect(handed).toEqual([]);
    isThere = true;
    await until(() => names().join() === 'film.torrent.added', 'the disk');
  });

  it('takes a thousand files and more, one after another', async () => {
    const count = MAX_WAITING + 50;
    for (let n = 0; n < count; n++) put(`${n}.torrent`, `d${n}e`);
    let open = 0;
    let most = 0;
    await watch({
      hand: async () => {
        most = Math.max(most, ++open);
        await new Promise(resolve => setTimeout(resolve, 1));
        open--;
      },
    });
    await until(() => names().every(name => name.endsWith('.added')), 'all of them', 50_000);
    expect(new Set(handed.map(({ text }) => text)).size).toBe(count);
    expect(handed).toHaveLength(count);
    expect(most).toBe(1);
  });

  it('is watched no more once a person has switched that off', async () => {
    const watched = await watch();
    put('one.torrent', 'd1e');
    await until(() => handed.length === 1, 'the first');
    watched.pop();
    await quiet();
    put('two.torrent', 'd2e');
    await quiet();
    expect(names()).toEqual(['one.torrent.added', 'two.torrent']);
  });
});

describe('a folder that the host watches', () => {
  const torrent = (name: string): Uint8Array =>
    Buffer.from(`d4:infod6:lengthi1e4:name1:${name}12:piece lengthi16384e6:pieces20:${'p'.repeat(20)}ee`);
  type Handoff = Extract<ControlFrame, { op: typeof ControlOp.HANDOFF }>;
  const isTorrent = (frame: ControlFrame | Frame): frame is Handoff =>
    frame.op === ControlOp.HANDOFF && frame.kind === HandoffKind.TORRENT;
  const isName = (frame: ControlFrame | Frame): frame is Handoff =>
    frame.op === ControlOp.HANDOFF && frame.kind === HandoffKind.NAME;
  const nameIn = ({ content }: Handoff): string => Buffer.from(content).toString();

  /** Says of every name that is asked about whether a torrent has it. */
  function tellNames({ frames, send }: Awaited<ReturnType<typeof control>>, owned: string): void {
    const told = new Set<number>();
    const timer = setInterval(() => {
      for (const frame of frames.filter(isName)) {
        const { handoff } = frame;
        const state = nameIn(frame) === owned ? HandedState.LISTED : HandedState.FREE;
        if (!told.has(handoff)) send({ op: ControlOp.HANDED, id: 0, handoff, state, text: '' });
        told.add(handoff);
      }
    }, 20);
    onTestFinished(() => clearInterval(timer));
  }

  it('gives what comes there to the engine at work, with that folder, and what is no torrent to nobody', async () => {
    const host = await testHost();
    const client = await control(host, await pair(host));
    const { roots } = await client.welcome();
    tellNames(client, 'own.torrent');
    const root = roots[0]?.token ?? '';
    client.send({ op: ControlOp.HOST_SETTINGS_SET, id: 5, change: { watched: [{ root, since: 0 }] } });
    await client.find((frame): frame is ControlFrame => frame.op === ControlOp.HOST_SETTINGS && frame.id === 5);
    writeFileSync(join(host.downloads, 'a.torrent'), torrent('a'));
    const given = await client.find(isTorrent);
    expect(given).toMatchObject({ start: true, root, content: torrent('a') });
    expect(readdirSync(host.downloads)).toEqual(['a.torrent']);
    client.send({ op: ControlOp.HANDED, id: 0, handoff: given.handoff, state: HandedState.STARTED, text: '' });
    await until(() => readdirSync(host.downloads).join() === 'a.torrent.added', 'its other name');
    // What is no torrent nobody is asked about.
    writeFileSync(join(host.downloads, 'b.torrent'), 'no torrent');
    // Nor about the content of what is of a torrent.
    writeFileSync(join(host.downloads, 'own.torrent'), torrent('own'));
    await new Promise(resolve => setTimeout(resolve, USUAL.settled + USUAL.period * 2));
    expect(client.frames.filter(isTorrent)).toHaveLength(1);
    expect(client.frames.filter(isName).every(frame => frame.root === root)).toBe(true);
    expect(new Set(client.frames.filter(isName).map(nameIn))).toEqual(new Set(['a.torrent', 'b.torrent', 'own.torrent']));
    expect(readdirSync(host.downloads).sort()).toEqual(['a.torrent.added', 'b.torrent', 'own.torrent']);
  });
});
