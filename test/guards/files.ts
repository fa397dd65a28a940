/** Where files may be, and what they may be called. */
import type { Guarded } from './guard.ts';

const FILES = 'test/daemon/files.test.ts';
const PATHS = 'test/engine/paths.test.ts';
const TRASH = 'test/daemon/trash.test.ts';

const belowRoot = { file: FILES, title: 'lead nowhere but below the root' };
const noLinks = { file: FILES, title: 'follow no symbolic link, in the leaf or on the way' };
const safe = { file: PATHS, title: 'is one component that any system can hold, or none at all' };
const asOne = { file: PATHS, title: 'count names as one where some disk does' };

export const FILE_GUARDS: readonly Guarded[] = [
  {
    row: 21,
    name: 'no step up',
    file: 'daemon/io/paths.ts',
    text: "if (name === '' || name === '.' || name === '..') return false;",
    instead: '',
    tests: [belowRoot],
  },
  {
    row: 21,
    name: 'no separator, no NUL',
    file: 'daemon/io/paths.ts',
    text: '!/[/\\\\\\0]/.test(name) && ',
    instead: '',
    tests: [belowRoot],
  },
  {
    row: 22,
    name: 'devices of Windows',
    file: 'sw/engine/codec/paths.ts',
    text: 'if (RESERVED.test(name)) name = `_${name}`;',
    instead: '',
    tests: [safe],
  },
  {
    row: 22,
    name: 'dots and spaces at the end',
    file: 'sw/engine/codec/paths.ts',
    text: "while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end--;",
    instead: '',
    tests: [safe],
  },
  {
    row: 23,
    name: 'case and composition',
    file: 'sw/engine/codec/paths.ts',
    text: "return name.normalize('NFC').toUpperCase().normalize('NFC');",
    instead: 'return name;',
    tests: [asOne],
  },
  {
    row: 24,
    name: 'what reorders or hides',
    file: 'sw/engine/codec/paths.ts',
    text: "raw.replace(REMOVED, '')",
    instead: "raw.replace(/[\\/\\\\]/g, '')",
    tests: [safe],
  },
  {
    row: 25,
    name: 'no link at the end of a path',
    file: 'daemon/io/paths.ts',
    text: 'flags | constants.O_NOFOLLOW | constants.O_NONBLOCK',
    instead: 'flags | constants.O_NONBLOCK',
    tests: [noLinks],
  },
  {
    row: 25,
    name: 'no link on the way',
    file: 'daemon/io/paths.ts',
    text: 'constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW',
    instead: 'constants.O_RDONLY | constants.O_DIRECTORY',
    tests: [noLinks],
  },
  {
    row: 25,
    name: 'a trash that is a link, or another’s',
    file: 'daemon/io/trash.ts',
    text: 'return stat.isDirectory() && (depth < names.length || stat.uid === uid) && (await isWritable(path));',
    instead: 'return isWritable(path);',
    tests: [{ file: TRASH, title: 'where ours is %s there is none, and nothing is deleted' }],
  },
  {
    row: 26,
    name: 'steps from the directory that is open',
    file: 'daemon/io/paths.ts',
    text: 'if (!IS_LINUX) return join(',
    instead: 'if (depth >= 0) return join(',
    tests: [{ file: FILES, title: 'stay inside while directories are swapped for links underneath' }],
  },
  {
    row: 27,
    name: 'no file with another name is opened',
    file: 'daemon/io/files.ts',
    text: 'stat.nlink > 1 || ',
    instead: '',
    tests: [{ file: FILES, title: 'name no file with another name, no directory and no device' }],
  },
  {
    row: 27,
    name: 'no file with another name is deleted',
    file: 'daemon/io/paths.ts',
    text: 'if (stat !== null && stat.nlink > 1) throw new FileProblem(FileStatus.UNSAFE);',
    instead: '',
    tests: [
      { file: FILES, title: "that are another's are not deleted: longer ones, and those with another name" },
      { file: TRASH, title: 'takes nothing that would not be deleted' },
    ],
  },
];
