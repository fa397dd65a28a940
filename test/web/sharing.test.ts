import { describe, expect, it } from 'vitest';
import { chosenFiles, filesIn, isTorrentFile } from '../../web/chosen-files.ts';
import { appLink, nextName } from '../../web/sharing.ts';

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
