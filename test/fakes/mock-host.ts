import type { ApiError, FolderPage, HostAsk } from '../../sw/api.ts';
import type { HostSettings, RootRow, TorrentRow } from '../../sw/view-model.ts';
import { ROOTS } from './mock-torrents.ts';

/** Folders as a person might have them, by their names. */
const TREE: Readonly<Record<string, readonly string[]>> = {
  '': ['Home', 'Backup disk'],
  Home: ['Desktop', 'Documents', 'Downloads', 'Music', 'Pictures', 'Videos'],
  'Backup disk': Array.from({ length: 230 }, (_, index) => `Folder ${index + 1}`),
  Videos: ['A film with quite a long name that does not fit on one line of a telephone', 'Recordings'],
};
const PARENTS: Readonly<Record<string, string>> = { Home: '', 'Backup disk': '', Videos: 'Home' };
const PAGE = 200;

type Answer = FolderPage | { readonly error: ApiError | null };

const DONE: Answer = { error: null };

/** The helper’s folders and settings, without a helper. */
export class MockHost {
  roots: readonly RootRow[] = ROOTS;
  settings: HostSettings = { watched: [], exitAfter: 0, notify: true };
  /** What becomes of its dialog. */
  dialog: 'picked' | 'cancelled' | 'no-dialog' | 'timeout' = 'picked';
  /** Why a folder is refused, where it is. */
  refuses: string | null = null;
  readonly #made: string[] = [];

  ask(ask: HostAsk, torrents: readonly TorrentRow[]): Answer {
    switch (ask.do) {
      case 'set':
        this.settings = { ...this.settings, ...ask.settings };
        return DONE;
      case 'pick':
        if (this.dialog === 'no-dialog') return refuse('no-dialog', 'This computer has no dialog for folders.');
        if (this.dialog === 'timeout') return refuse('told', 'Nobody answered the dialog on the screen of this computer.');
        return this.dialog === 'cancelled' ? DONE : this.#add('Music');
      case 'list':
        return this.#page(ask.folder, ask.from);
      case 'make':
        if (ask.name.includes('/')) return refuse('told', 'A folder cannot have this name on every system.');
        this.#made.push(ask.name);
        return this.#page(ask.name, 0);
      case 'add':
        return this.refuses === null ? this.#add(ask.folder) : refuse('told', this.refuses);
      case 'reveal':
        return DONE;
      case 'remove': {
        const users = torrents.filter(({ root }) => root === ask.root).length;
        if (users > 0) return { error: { code: 'root-in-use', values: { users } } };
        this.roots = this.roots.filter(({ token }) => token !== ask.root);
        return DONE;
      }
      case 'default':
        this.roots = this.roots.map(root => ({ ...root, isDefault: root.token === ask.root }));
        return DONE;
      case 'rename':
        this.roots = this.roots.map(root => (root.token === ask.root ? { ...root, name: ask.name } : root));
        return DONE;
    }
  }

  #add(name: string): Answer {
    const token = (0xc0 + this.roots.length).toString(16).repeat(32);
    this.roots = [...this.roots, { token, name, free: 88e9, isDefault: false, trash: false, problem: '' }];
    return DONE;
  }

  #page(folder: string, from: number): FolderPage {
    const below = [...(TREE[folder] ?? [])];
    const parent = this.#made.includes(folder) ? 'Videos' : (PARENTS[folder] ?? 'Home');
    return {
      folder,
      name: folder === '' ? 'This computer' : folder,
      parent: folder === '' ? null : parent,
      folders: below.slice(from, from + PAGE).map(name => ({ token: name, name })),
      more: from + PAGE < below.length,
    };
  }
}

function refuse(code: 'no-dialog' | 'told', text: string): Answer {
  return { error: { code, values: { text } } };
}
