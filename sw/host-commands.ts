/** What the windows ask the host about itself, and about the folders that downloads go to. */
import type { FolderPage, HostAsk } from './api.ts';
import { type Refusal, refusal } from './engine/index.ts';
import type { RootUsers } from './perform.ts';
import type { HostSettings, HostState } from './view-model.ts';

interface Done {
  readonly status: 'ok' | 'cancelled' | 'timeout' | 'no-dialog' | 'busy' | 'refused';
  readonly text: string;
}

type RootsChange =
  | { readonly do: 'add'; readonly folder: string }
  | { readonly do: 'remove' | 'default'; readonly root: string }
  | { readonly do: 'rename'; readonly root: string; readonly name: string };

/** The host, as far as it is used here. Null is its answer where it went away. */
export interface Host {
  /** Null while it is away. */
  readonly state: HostState | null;
  set(change: Partial<HostSettings>): Promise<HostState | null>;
  pick(): Promise<Done | null>;
  change(change: RootsChange): Promise<Done | null>;
  list(folder: string, from: number): Promise<FolderPage | Done | null>;
  make(folder: string, name: string): Promise<FolderPage | Done | null>;
  reveal(root: string, path: readonly string[]): Promise<Done | null>;
}

/** `away`: what to say where the host went away. `usersOf`: torrents with files in a root. @throws {Refusal} */
export async function askHost(
  host: Host,
  ask: HostAsk,
  away: () => Refusal,
  usersOf: (root: string) => Promise<RootUsers>,
): Promise<FolderPage | null> {
  switch (ask.do) {
    case 'set': {
      const state = await host.set(ask.settings);
      if (state === null) throw away();
      if (state.problem !== '') throw refusal('told', { text: state.problem });
      return null;
    }
    case 'pick':
      return ended(await host.pick(), away);
    case 'list':
      return shown(await host.list(ask.folder, ask.from), away);
    case 'make':
      return shown(await host.make(ask.folder, ask.name), away);
    case 'reveal':
      return ended(await host.reveal(ask.root, ask.path), away);
    case 'remove': {
      const { all, leaving } = await usersOf(ask.root);
      if (all > leaving) throw refusal('root-in-use', { users: all - leaving });
      if (leaving > 0) throw refusal('root-being-left');
      return ended(await host.change(ask), away);
    }
    case 'add':
    case 'default':
    case 'rename':
      return ended(await host.change(ask), away);
    default:
      return ask satisfies never;
  }
}

function shown(reply: FolderPage | Done | null, away: () => Refusal): FolderPage | null {
  return reply !== null && 'folders' in reply ? reply : ended(reply, away);
}

function ended(done: Done | null, away: () => Refusal): null {
  if (done === null) throw away();
  if (done.status === 'ok' || done.status === 'cancelled') return null;
  throw refusal(done.status === 'no-dialog' ? 'no-dialog' : 'told', { text: done.text });
}
