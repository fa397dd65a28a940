/** What becomes of the torrents, as the engine at work shows them to a window that comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION } from '../../../sw/api.ts';
import type { FromHolder, Heard } from '../../../sw/relayed.ts';
import type { TorrentRow, TorrentState } from '../../../sw/view-model.ts';
import type { HostChannel } from '../control/relays.ts';

/** How long an engine may take to come, and to say what there is, in ms. */
const ANSWER_MS = 5_000;
const LOOK_MS = 20;
/** States that only a person ends, or a disk. */
const AT_REST: ReadonlySet<TorrentState> = new Set<TorrentState>(['adding', 'paused', 'done', 'error']);
/** No engine has more. */
const MAX_ROWS = 20_000;

/** The engines of this host. */
export interface Engines {
  /** Whose is at work. */
  readonly atWork: 'app' | 'away' | null;
  /** It is the host's own, which has nothing to do: it came to tell, and goes again. */
  readonly isAtRest: boolean;
  /** One is at work, or comes by itself. */
  readonly expectsEngine: boolean;
  /** Has the host's own come where no other is. */
  wake(): void;
  /** Opens a channel to the one at work; null where none is. */
  channel(hear: (message: unknown) => void, closed: () => void): HostChannel | null;
}

interface List {
  /** Null where the engine is of another version, or does not tell in time. */
  readonly torrents: readonly TorrentRow[] | null;
}

export interface Status extends List {
  /** `expected`: none is yet, and one is on its way. Null where nothing is done, and no engine need be at work. */
  readonly atWork: Engines['atWork'] | 'expected';
}

/** Only an engine can read the records: where none is at work the host's own comes to tell, and goes again. */
export async function statusOf(engines: Engines): Promise<Status> {
  const wasIdle = !engines.expectsEngine;
  if (engines.atWork === null) engines.wake();
  const deadline = AbortSignal.timeout(ANSWER_MS);
  let list: List | null = null;
  while (list === null && engines.expectsEngine && !deadline.aborted) {
    list = await listOf(engines, deadline);
    if (list === null) await sleep(LOOK_MS);
  }
  const expected = engines.expectsEngine ? 'expected' : null;
  // What it shows is newer than what it has said of itself.
  const isIdle = wasIdle || (engines.isAtRest && list?.torrents?.some(isAtWork) !== true);
  return { atWork: isIdle ? null : (engines.atWork ?? expected), torrents: list?.torrents ?? null };
}

/** Something is done with it, or it waits for its turn. */
function isAtWork({ state, problem }: TorrentRow): boolean {
  return !AT_REST.has(state) && problem?.code !== 'bringing';
}

/** Null where no engine is at work, or it ends or is silent. */
function listOf(engines: Engines, deadline: AbortSignal): Promise<List | null> {
  return new Promise(resolve => {
    const end = (list: List | null): void => {
      deadline.removeEventListener('abort', late);
      resolve(list);
      channel?.close();
    };
    const late = (): void => end(null);
    deadline.addEventListener('abort', late, { once: true });
    let torrents: TorrentRow[] = [];
    const channel = engines.channel(message => {
      // Of the engine that this host has let in.
      const said = message as FromHolder;
      if (said.type === 'rows' || said.type === 'snapshot') torrents.push(...said.torrents.slice(0, MAX_ROWS - torrents.length));
      if (said.type === 'snapshot') {
        if (said.version !== API_VERSION) return end({ torrents: null });
        // Before it has read its records it has no settings either.
        if (said.settings !== null) return end({ torrents });
        torrents = [];
      }
      channel?.send({ type: 'heard' } satisfies Heard);
    }, late);
    if (channel === null) end(null);
    else channel.send({ type: 'connect', version: API_VERSION });
  });
}
