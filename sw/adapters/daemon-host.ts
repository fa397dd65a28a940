/** What the host is asked about itself over `/control`: its settings, and the folders that downloads go to. */
import {
  ControlOp,
  type ControlFrame,
  type FolderPage,
  type FoldersDone,
  type HostSettings,
  type RootsChange,
} from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

type ControlDoor = Door<ControlFrame | Frame, ControlFrame>;

export interface HostState {
  readonly settings: HostSettings;
  readonly problem: string;
}

export class DaemonHost {
  /** Null while it is away. */
  state: HostState | null = null;
  private readonly door: ControlDoor;

  constructor(door: ControlDoor) {
    this.door = door;
    door.on(ControlOp.HOST_SETTINGS, frame => this.heard(frame));
    door.onClosed(() => (this.state = null));
  }

  /** How they are then; null where the host went away. */
  async set(change: Partial<HostSettings>): Promise<HostState | null> {
    const reply = await this.ask(id => ({ op: ControlOp.HOST_SETTINGS_SET, id, change }));
    if (reply?.op !== ControlOp.HOST_SETTINGS) return null;
    this.heard(reply);
    return { settings: reply.settings, problem: reply.problem };
  }

  /** Asks the person at the host's screen for a folder. Null where the host went away, here and below. */
  pick(): Promise<FoldersDone | null> {
    return this.done(id => ({ op: ControlOp.OPEN_FOLDER_PICKER, id }));
  }

  change(change: RootsChange): Promise<FoldersDone | null> {
    return this.done(id => ({ op: ControlOp.ROOTS_CHANGE, id, change }));
  }

  list(folder: string, from: number): Promise<FolderPage | FoldersDone | null> {
    return this.page(id => ({ op: ControlOp.FOLDER_LIST, id, from, folder }));
  }

  make(folder: string, name: string): Promise<FolderPage | FoldersDone | null> {
    return this.page(id => ({ op: ControlOp.FOLDER_MAKE, id, folder, name }));
  }

  reveal(root: string, path: readonly string[]): Promise<FoldersDone | null> {
    return this.done(id => ({ op: ControlOp.REVEAL, id, root, path }));
  }

  private heard({ settings, problem }: HostState): void {
    this.state = { settings, problem };
  }

  private async page(question: (id: number) => ControlFrame): Promise<FolderPage | FoldersDone | null> {
    const reply = await this.ask(question);
    if (reply?.op === ControlOp.FOLDER_PAGE) return reply.page;
    return reply?.op === ControlOp.FOLDERS_DONE ? reply.done : null;
  }

  private async done(question: (id: number) => ControlFrame): Promise<FoldersDone | null> {
    const reply = await this.ask(question);
    return reply?.op === ControlOp.FOLDERS_DONE ? reply.done : null;
  }

  private ask(question: (id: number) => ControlFrame): Promise<ControlFrame | Frame | null> {
    return new Promise(resolve => this.door.ask(question, resolve));
  }
}
