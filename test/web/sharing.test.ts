import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromSharing } from '../../sw/share.ts';
import { chosenFiles, filesIn, MAX_CHOSEN, TooMany } from '../../web/chosen-files.ts';
import type { Door } from '../../web/client.ts';
import { draft, shareOver, shownLinks } from '../../web/shared.ts';
import { appLink, begin, cancel, nextName, offerFiles } from '../../web/sharing.ts';
import { isTorrentFile } from '../../web/sources.ts';

const file = (name: string, path = ''): File =>
  Object.defineProperty(new File(['x'], name), 'webkitRelativePath', { value: path });
const pathsOf = (chosen: ReturnType<typeof chosenFiles>): unknown => [
  chosen?.name,
  chosen?.files.map(({ path }) => path.join('/')),
];

describe('what a person chooses to share', () => {
  it('is one file by itself, a folder by its name, or several under a new one', () => {
    expect(pathsOf(chosenFiles([file('a.txt')]))).toEqual(['a.txt', ['']]);
    expect(pathsOf(chosenFiles([file('a', 'Top/a'), file('b', 'Top/in/b')]))).toEqual(['Top', ['a', 'in/b']]);
    expect(pathsOf(chosenFiles([file('a.txt'), file('b.txt')]))).toEqual(['a and more', ['a.txt', 'b.txt']]);
    expect(chosenFiles([])).toBeNull();
  });

  it('is all that is in folders that were dropped, which give their entries a few at a time', async () => {
    const leaf = (name: string) => ({
      isFile: true,
      isDirectory: false,
      name,
      file: (done: (it: File) => void) => done(file(name)),
    });
    const folder = (name: string, inside: unknown[]) => ({
      isFile: false,
      isDirectory: true,
      name,
      createReader: () => {
        const parts = [inside.slice(0, 1), inside.slice(1), []];
        return { readEntries: (done: (it: unknown) => void) => done(parts.shift()) };
      },
    });
    const top = folder('Top', [leaf('a.torrent'), leaf('b'), folder('in', [leaf('c')]), folder('empty', [])]);
    const chosen = await filesIn([top as unknown as FileSystemEntry]);
    expect(pathsOf(chosen)).toEqual(['Top', ['a.torrent', 'b', 'in/c']]);
    expect(await filesIn([folder('none', []) as unknown as FileSystemEntry])).toBeNull();
    expect([isTorrentFile({ name: 'x.TORRENT' }), isTorrentFile({ name: 'x.torrent.zip' })]).toEqual([true, false]);
  });
});

describe('a choice', () => {
  it('has no more than fifty thousand files, picked or dropped', async () => {
    const one = file('a');
    expect(chosenFiles(Array<File>(MAX_CHOSEN).fill(one))?.files).toHaveLength(MAX_CHOSEN);
    expect(() => chosenFiles(Array<File>(MAX_CHOSEN + 1).fill(one))).toThrow(TooMany);
    const leaf = { isFile: true, isDirectory: false, name: 'a', file: (done: (it: File) => void) => done(one) };
    const dropped = Array<FileSystemEntry>(MAX_CHOSEN + 1).fill(leaf as unknown as FileSystemEntry);
    await expect(filesIn(dropped)).rejects.toThrow(TooMany);
  });
});

describe('a share that is called off', () => {
  const options = { name: 'a', trackers: [], webSeeds: [], isPrivate: false, comment: '', pieceLength: null };
  let doors: { heard: unknown[]; far: MessagePort; isClosed: boolean; arrive: () => void }[];
  const settled = (): Promise<unknown> => new Promise(resolve => setTimeout(resolve, 20));

  async function offered(name: string): Promise<void> {
    offerFiles([file(name)]);
    await vi.waitUntil(() => draft.value?.name === name);
  }

  beforeEach(() => {
    doors = [];
    vi.stubGlobal('navigator', {});
    shareOver(() => {
      const { port1, port2 } = new MessageChannel();
      return new Promise<Door>(resolve => {
        const door = { heard: [] as unknown[], far: port2, isClosed: false, arrive: () => undefined as void };
        const close = (): void => void (door.isClosed = true);
        door.arrive = () => resolve({ port: port1, ended: new Promise(() => undefined), close });
        port2.onmessage = ({ data }: MessageEvent<unknown>) => door.heard.push(data);
        doors.push(door);
      });
    });
  });
  afterEach(() => {
    cancel();
    for (const { far } of doors) far.close();
    vi.unstubAllGlobals();
  });

  it('before the worker was reached asks nothing of it', async () => {
    await offered('a');
    const ended = begin(options);
    cancel();
    doors[0]!.arrive();
    await ended;
    await settled();
    expect([doors[0]!.heard, doors[0]!.isClosed, draft.value, shownLinks.value]).toEqual([[], true, null, null]);
  });

  it('changes nothing of the next, whatever the worker still says', async () => {
    await offered('a');
    const ended = begin(options);
    doors[0]!.arrive();
    await vi.waitUntil(() => doors[0]!.heard.length === 1);
    doors[0]!.far.postMessage({ type: 'progress', done: 1 } satisfies FromSharing);
    await vi.waitUntil(() => draft.value?.done === 1);
    cancel();
    await offered('b');
    doors[0]!.far.postMessage({ type: 'progress', done: 1 } satisfies FromSharing);
    doors[0]!.far.postMessage({ type: 'shared', id: 'x', already: false } satisfies FromSharing);
    await ended;
    await settled();
    expect(doors[0]!.heard[1]).toBe('cancel');
    expect([draft.value?.name, draft.value?.done, shownLinks.value]).toEqual(['b', null, null]);
  });
});

describe('what is given to others', () => {
  const magnet = 'magnet:?xt=urn:btih:ab&tr=wss%3A%2F%2Ft%2F';

  it('is the address of the app with the magnet link, unless that leads to this computer', () => {
    const link = appLink(magnet, new URL('https://app.example/'));
    expect(link).toBe(`https://app.example/#magnet=${encodeURIComponent(magnet)}`);
    for (const at of ['http://127.0.0.1:7800', 'http://localhost:5000', 'http://[::1]:5000'])
      expect(appLink(magnet, new URL(at) as unknown as Location)).toBeNull();
  });

  it.each([
    ['film.mkv', 'film (2).mkv'],
    ['film (2).mkv', 'film (3).mkv'],
    ['Photos', 'Photos (2)'],
    ['.hidden', '.hidden (2)'],
  ])('is called otherwise where %s is taken: %s', (name, next) => {
    expect(nextName(name)).toBe(next);
  });
});
