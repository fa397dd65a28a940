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
} from '../../daemon/host/torrent-watch.ts';
import { type ControlFrame, ControlOp, HandedState } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
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

beforeEach(() => {
  folder = tempFolder();
  notices = [];
  handed = [];
  answer = text => (text.startsWith('d') && text.endsWith('e') ? 'taken' : { refused: 'It is no torrent.' });
});

function watch({ since = 0, place = (): string | null => folder, timing = QUICK, hand = () => Promise.resolve() } = {}) {
  const watched: WatchedFolder[] = [{ root: ROOT, since }];
  const watcher = new TorrentWatch({
    watched: () => watched,
    placeOf: () => Promise.resolve(place()),
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
  onTestFinished(() => watcher.stop());
  return watched;
}

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const names = (): string[] => readdirSync(folder).sort();
/** Several looks have passed. */
const quiet = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 400));

describe('a watched folder', () => {
  it('has new files taken once, each called .added then, and nothing else touched', async () => {
    put('before.torrent', 'd1e');
    watch();
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
    watch({ since });
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
    watch({ timing: { ...QUICK, abandoned: 60_000 } });
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

  it('calls what is no torrent .invalid after a while, says so, and deletes nothing', async () => {
    put('broken.torrent', 'nothing');
    put('huge.torrent', '');
    truncateSync(join(folder, 'huge.torrent'), MAX_BYTES + 1);
    watch();
    await until(() => names().join() === 'broken.torrent.invalid,huge.torrent.invalid', 'both');
    expect(notices).toHaveLength(2);
    expect(notices.join()).toContain('It is no torrent.');
    expect(notices.join()).toContain('larger than any torrent');
    expect(notices.join()).not.toContain('broken');
    expect(handed.every(({ text }) => text === 'nothing')).toBe(true);
    expect(readFileSync(join(folder, 'broken.torrent.invalid'), 'utf8')).toBe('nothing');
  });

  it('takes a file that was mended before it was given up', async () => {
    watch({ timing: { ...QUICK, abandoned: 60_000 } });
    put('mended.torrent', 'd1');
    await until(() => handed.length > 0, 'a first try');
    put('mended.torrent', 'd1e');
    await until(() => names().includes('mended.torrent.added'), 'it');
  });

  it('replaces nothing by a file that it renames', async () => {
    put('film.torrent.added', 'earlier');
    put('film.torrent', 'd1e');
    watch();
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
    watch();
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
    watch();
    await until(() => handed.length > 3, 'several tries');
    await quiet();
    expect(names()).toEqual(['film.torrent']);
    answer = () => 'taken';
    await until(() => names().join() === 'film.torrent.added', 'somebody');
  });

  it('is left alone while its disk is away, and watched again once that is back', async () => {
    let isThere = false;
    put('film.torrent', 'd1e');
    watch({ place: () => (isThere ? folder : null) });
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
    watch({
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
    const watched = watch();
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
  const isHandoff = (frame: ControlFrame | Frame): frame is Extract<ControlFrame, { op: typeof ControlOp.HANDOFF }> =>
    frame.op === ControlOp.HANDOFF;

  it('gives what comes there to the engine at work, with that folder, and what is no torrent to nobody', async () => {
    const host = await testHost();
    const client = await control(host, await pair(host));
    const { roots } = await client.welcome();
    const root = roots[0]?.token ?? '';
    client.send({ op: ControlOp.HOST_SETTINGS_SET, id: 5, change: { watched: [{ root, since: 0 }] } });
    await client.find((frame): frame is ControlFrame => frame.op === ControlOp.HOST_SETTINGS && frame.id === 5);
    writeFileSync(join(host.downloads, 'a.torrent'), torrent('a'));
    const given = await client.find(isHandoff);
    expect(given).toMatchObject({ start: true, root, content: torrent('a') });
    expect(readdirSync(host.downloads)).toEqual(['a.torrent']);
    client.send({ op: ControlOp.HANDED, id: 0, handoff: given.handoff, state: HandedState.STARTED, text: '' });
    await until(() => readdirSync(host.downloads).join() === 'a.torrent.added', 'its other name');
    // What is no torrent nobody is asked about.
    writeFileSync(join(host.downloads, 'b.torrent'), 'no torrent');
    await new Promise(resolve => setTimeout(resolve, USUAL.settled + USUAL.period));
    expect(client.frames.filter(isHandoff)).toHaveLength(1);
    expect(readdirSync(host.downloads).sort()).toEqual(['a.torrent.added', 'b.torrent']);
  });
});
