/** What clients of /control ask about folders: a dialog on this screen, a look through them, and changes to the roots. */
import { type ControlFrame, ControlOp, type FoldersDone, type RootsChange } from '../../wire/control.ts';
import { FolderBrowser } from './folder-browser.ts';
import { type Picked, pickFolder } from './folder-picker.ts';
import { found, reveal } from './reveal.ts';
import type { Log } from '../logs/log.ts';
import { type Roots, RootsRefusal } from './roots.ts';

export type FolderFrame = Extract<
  ControlFrame,
  {
    readonly op:
      | typeof ControlOp.OPEN_FOLDER_PICKER
      | typeof ControlOp.FOLDER_LIST
      | typeof ControlOp.ROOTS_CHANGE
      | typeof ControlOp.FOLDER_MAKE
      | typeof ControlOp.REVEAL;
  }
>;

export interface FolderDeskOptions {
  readonly roots: Roots;
  /** One of them is no root any more. */
  readonly removed: (root: string) => void;
  /** The roots are others. */
  readonly changed: () => void;
  readonly log: Log;
}

/** Who asks. */
interface Client {
  send(frame: ControlFrame): void;
}

/** Questions of one client that are not answered yet; a slow disk holds them up. */
export const MAX_ASKED = 8;

/** Between two folders that are shown on the screen, over all clients, in ms. */
export const REVEAL_EVERY = 1_000;

interface Visit {
  readonly browser: FolderBrowser;
  asked: number;
}

const OK: FoldersDone = { status: 'ok', text: '', root: '' };

export class FolderDesk {
  private readonly options: FolderDeskOptions;
  private readonly visits = new Map<Client, Visit>();
  private revealedAt = -Infinity;
  private dialog: { readonly client: Client; readonly abort: AbortController } | null = null;

  constructor(options: FolderDeskOptions) {
    this.options = options;
  }

  hear(client: Client, frame: FolderFrame): void {
    const visit = this.visits.get(client) ?? { browser: new FolderBrowser(), asked: 0 };
    this.visits.set(client, visit);
    if (visit.asked >= MAX_ASKED) {
      client.send(done(frame.id, refused('A disk takes long to answer. Wait a moment, then try again.')));
      return;
    }
    visit.asked++;
    void this.answer(client, visit.browser, frame).then(answer => {
      visit.asked--;
      if (this.visits.has(client)) client.send(answer);
    });
  }

  /** Its tokens lead nowhere any more, and its dialog closes: nobody waits for the answer. */
  gone(client: Client): void {
    this.visits.delete(client);
    if (this.dialog?.client === client) this.dialog.abort.abort();
  }

  stop(): void {
    this.dialog?.abort.abort();
  }

  private async answer(client: Client, browser: FolderBrowser, frame: FolderFrame): Promise<ControlFrame> {
    const { id } = frame;
    try {
      switch (frame.op) {
        case ControlOp.OPEN_FOLDER_PICKER:
          return done(id, await this.pick(client));
        case ControlOp.FOLDER_LIST:
          return { op: ControlOp.FOLDER_PAGE, id, page: await browser.list(frame.folder, frame.from) };
        case ControlOp.FOLDER_MAKE:
          return { op: ControlOp.FOLDER_PAGE, id, page: await browser.make(frame.folder, frame.name) };
        case ControlOp.ROOTS_CHANGE:
          return done(id, await this.change(browser, frame.change));
        case ControlOp.REVEAL:
          return done(id, await this.reveal(frame.root, frame.path));
        default:
          return frame satisfies never;
      }
    } catch (error) {
      if (error instanceof RootsRefusal) return done(id, refused(error.message));
      this.options.log('error', 'something about folders failed', { why: String(error) });
      return done(id, refused('Something went wrong in the helper, and nothing was changed. Try again.'));
    }
  }

  private async pick(client: Client): Promise<FoldersDone> {
    if (this.dialog !== null)
      return { ...OK, status: 'busy', text: 'A dialog is open on the screen already. Answer that one first.' };
    const abort = new AbortController();
    this.dialog = { client, abort };
    let picked: Picked;
    try {
      picked = await pickFolder(abort.signal);
    } finally {
      this.dialog = null;
    }
    switch (picked.outcome) {
      case 'picked':
        return { ...OK, root: await this.add(picked.path) };
      case 'cancelled':
        return { ...OK, status: 'cancelled' };
      case 'timeout':
        return { ...OK, status: 'timeout', text: 'Nobody answered the dialog on the screen of this computer, so it was closed.' };
      case 'none':
        return { ...OK, status: 'no-dialog', text: 'This computer has no dialog for folders.' };
      case 'failed':
        this.options.log('warn', 'the dialog for a folder failed');
        return { ...OK, status: 'no-dialog', text: 'The dialog for folders could not be opened.' };
      default:
        return picked satisfies never;
    }
  }

  private async reveal(root: string, path: readonly string[]): Promise<FoldersDone> {
    const now = performance.now();
    if (now - this.revealedAt < REVEAL_EVERY) return refused('A folder was shown just now. Wait a moment, then try again.');
    const place = await this.options.roots.placeOf(root);
    const at = place === null ? null : await found(place, path);
    if (at === null) return refused('This folder is not there. Connect its disk, then try again.');
    this.revealedAt = now;
    if ((await reveal(at)) === 'shown') return OK;
    return { ...OK, status: 'no-dialog', text: 'No file manager could be opened on the screen of this computer.' };
  }

  private async change(browser: FolderBrowser, change: RootsChange): Promise<FoldersDone> {
    const { roots } = this.options;
    switch (change.do) {
      case 'add':
        return { ...OK, root: await this.add(await browser.open(change.folder)) };
      case 'remove':
        await roots.remove(change.root);
        this.options.removed(change.root);
        break;
      case 'default':
        await roots.choose(change.root);
        break;
      case 'rename':
        await roots.rename(change.root, change.name);
        break;
      default:
        return change satisfies never;
    }
    this.options.changed();
    return OK;
  }

  private async add(path: string): Promise<string> {
    const root = await this.options.roots.add(path);
    this.options.log('info', 'a download folder was added');
    this.options.changed();
    return root;
  }
}

function refused(text: string): FoldersDone {
  return { status: 'refused', text, root: '' };
}

function done(id: number, what: FoldersDone): ControlFrame {
  return { op: ControlOp.FOLDERS_DONE, id, done: what };
}
