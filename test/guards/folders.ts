/** What a page may reach and make of the folders of the host's computer. */
import type { Guarded } from './guard.ts';

const FOLDERS = 'test/host/folders.test.ts';
const WATCH = 'test/host/torrent-watch.test.ts';

const elsewhere = {
  file: FOLDERS,
  title: 'follows no link that took the place of a folder, and leads nowhere once that is gone',
};
const rules = { file: FOLDERS, title: 'are not folders of the system, the home, the host’s own, nor in each other' };
const ownFiles = { file: WATCH, title: 'leaves alone for good what is of a torrent, whatever becomes of that' };
const places = {
  file: 'test/engine/whereabouts.test.ts',
  title: 'is of it in any root before it has one, and on its way in either place',
};
const links = { file: WATCH, title: 'follows no link and waits for no pipe' };

export const FOLDER_GUARDS: readonly Guarded[] = [
  {
    row: 25,
    name: 'folders that are reached without a link',
    file: 'daemon/host/folders/folder-browser.ts',
    text: '!places.some(place => isWithin(path, place.path)) || !(await isReal(path))',
    instead: '!places.some(place => isWithin(path, place.path))',
    tests: [elsewhere],
  },
  {
    row: 29,
    name: 'tokens of folders of one connection alone',
    file: 'daemon/host/folders/folder-browser.ts',
    text: 'if (path === undefined) throw new RootsRefusal(GONE);\n    const places',
    instead: "if (path === undefined) return join(homedir(), 'Films');\n    const places",
    tests: [
      { file: FOLDERS, title: 'goes no step by a token that was made up, altered, forgotten, or given to another connection' },
    ],
  },
  {
    row: 21,
    name: 'no download among the settings of programs',
    file: 'daemon/host/folders/folder-rules.ts',
    text: '[homedir(), home].some(other => isWithin(other, path))',
    instead: 'false',
    tests: [rules],
  },
  {
    row: 21,
    name: 'no download folder in another',
    file: 'daemon/host/folders/folder-rules.ts',
    text: 'if (isWithin(path, root.path))',
    instead: 'if (path === root.name)',
    tests: [rules],
  },
  {
    row: 21,
    name: 'names of new folders',
    file: 'daemon/host/folders/folder-browser.ts',
    text: "if (problem !== '') throw new RootsRefusal(problem);\n    const parent",
    instead: 'const parent',
    tests: [{ file: FOLDERS, title: 'takes no name that leads elsewhere, cannot be seen, or is none on other systems' }],
  },
  {
    row: 51,
    name: 'folders are tried',
    file: 'daemon/host/folders/roots.ts',
    text: 'refusal(path, home, others) || (await probe(path))',
    instead: 'refusal(path, home, others)',
    tests: [
      {
        file: 'test/host/probe.test.ts',
        title: 'that takes files from beginning to end alone is refused: by an error, by appending, by forgetting',
      },
    ],
  },
  {
    row: 25,
    name: 'watched files, not links',
    file: 'daemon/host/folders/torrent-watch.ts',
    text: '!found.isFile() || Math.max(',
    instead: 'Math.max(',
    tests: [links],
  },
  {
    row: 21,
    name: 'renamed to a free name',
    file: 'daemon/host/folders/torrent-watch.ts',
    text: 'if (isFree) return candidate;',
    instead: 'if (isFree || n === 1) return candidate;',
    tests: [{ file: WATCH, title: 'replaces nothing by a file that it renames' }],
  },
  {
    row: 63,
    name: 'what is of a torrent is no torrent to be started',
    file: 'daemon/host/folders/torrent-watch.ts',
    text: 'if (isOwn !== true) return isOwn;',
    instead: 'if (isOwn !== null) return false;',
    tests: [
      ownFiles,
      { file: WATCH, title: 'has nothing of a torrent renamed that it was started for' },
      {
        file: 'test/peers/rpc.test.ts',
        title: 'leaves alone a torrent file that a torrent has brought into a watched folder, and takes those of others',
      },
    ],
  },
  {
    row: 63,
    name: 'it stays so when its torrent is gone',
    file: 'daemon/host/folders/torrent-watch.ts',
    text: ' || this.options.own.has(root, name, found.identity)',
    instead: '',
    tests: [ownFiles],
  },
  {
    row: 63,
    name: 'files that are on their way',
    file: 'sw/engine/whereabouts.ts',
    text: 'return isThere(this.naming) || this.left.some(({ naming }) => isThere(naming));',
    instead: 'return isThere(this.naming);',
    tests: [places],
  },
  {
    row: 63,
    name: 'a file is renamed that was read, and no other',
    file: 'daemon/host/folders/torrent-watch.ts',
    text: 'if (!isLeftNow && (await this.isSame(folder, path, name, waiting, since)))',
    instead: 'if (!isLeftNow)',
    tests: [{ file: WATCH, title: 'reads a file that is saved anew while the one before is handed over' }],
  },
];
