/** What a client asks a host about folders, over its socket. */
import { type ControlFrame, ControlOp, type FolderPage, type FoldersDone, type RootsChange } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import type { ControlClient } from './host.ts';

type Answer = Extract<ControlFrame, { op: typeof ControlOp.FOLDER_PAGE | typeof ControlOp.FOLDERS_DONE }>;

let lastId = 1000;

async function ask(client: ControlClient, frame: (id: number) => ControlFrame): Promise<Answer> {
  const id = ++lastId;
  client.send(frame(id));
  return client.find(
    (one: ControlFrame | Frame): one is Answer =>
      (one.op === ControlOp.FOLDER_PAGE || one.op === ControlOp.FOLDERS_DONE) && one.id === id,
  );
}

function page(answer: Answer): FolderPage {
  if (answer.op === ControlOp.FOLDERS_DONE) throw new Error(answer.done.text);
  return answer.page;
}

/** Rejects with the words of a refusal. */
export async function list(client: ControlClient, folder = '', from = 0): Promise<FolderPage> {
  return page(await ask(client, id => ({ op: ControlOp.FOLDER_LIST, id, folder, from })));
}

export async function make(client: ControlClient, folder: string, name: string): Promise<FolderPage> {
  return page(await ask(client, id => ({ op: ControlOp.FOLDER_MAKE, id, folder, name })));
}

export async function change(client: ControlClient, what: RootsChange): Promise<FoldersDone> {
  const answer = await ask(client, id => ({ op: ControlOp.ROOTS_CHANGE, id, change: what }));
  if (answer.op !== ControlOp.FOLDERS_DONE) throw new Error('a page where none was asked for');
  return answer.done;
}

export async function pick(client: ControlClient): Promise<FoldersDone> {
  const answer = await ask(client, id => ({ op: ControlOp.OPEN_FOLDER_PICKER, id }));
  if (answer.op !== ControlOp.FOLDERS_DONE) throw new Error('a page where none was asked for');
  return answer.done;
}

/** Goes down from where one begins, by names. */
export async function walk(client: ControlClient, ...names: readonly string[]): Promise<FolderPage> {
  let at = await list(client);
  for (const name of names) {
    const next = at.folders.find(folder => folder.name === name);
    if (next === undefined) throw new Error(`no ${name} in ${at.folders.map(folder => folder.name).join()}`);
    at = await list(client, next.token);
  }
  return at;
}
