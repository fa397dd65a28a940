/** How things stand between this browser and its host: what is shown of it, and whether what is asked for can be done. */
import { type Refusal, refusal } from './engine/index.ts';
import type { Connection, RootRow } from './view-model.ts';

/** What a host has given this browser, and the port of 127.0.0.1 that it stands on. */
export interface Pairing {
  readonly token: string;
  readonly installId: string;
  readonly port: number;
}

/** The connection, as far as it is used here. */
export interface Link {
  readonly state:
    | 'unpaired'
    | 'connecting'
    | 'following'
    | 'welcomed'
    | 'linked'
    | 'lost'
    | 'superseded'
    | 'oldHelper'
    | 'oldApp'
    | 'resting'
    | 'closed';
  /** Who holds the lease; `holder` is what to call that browser. */
  readonly lease: { readonly state: 'held' | 'waiting' | 'followed'; readonly holder: string };
  readonly roots: readonly RootRow[];
  readonly gaveUp: boolean;
  readonly version: string;
  /** Its last tries failed. */
  readonly failing: boolean;
  pair(pairing: Pairing): void;
  /** Has the host forget a paired app; `done` hears whether it did. */
  unpair(app: string, done: (isDone: boolean) => void): void;
  reconnect(): void;
  /** The engine here has ended, and everything of it is flushed. `isUpdate`: the next version of this app is to have the lease. */
  yield(isUpdate: boolean, work: boolean): void;
  /** Wants the lease, whoever holds it. */
  take(): void;
  /** Connects no more until `wake`. */
  rest(): void;
  wake(): void;
  close(): void;
}

/** All that it depends on. */
export interface Standing {
  readonly link: Link;
  /** It is still to be found out whether this browser is paired. */
  readonly isStarting: boolean;
  readonly isClosing: boolean;
  readonly hasEngine: boolean;
}

/** Whether the engine is to run here. */
export function holdsLease({ state }: Link): boolean {
  return state === 'welcomed' || state === 'linked';
}

/** Whether another browser is at work, and this one shows what it does. */
export function isFollowing({ state, lease }: Link): boolean {
  return state === 'following' && lease.state === 'followed';
}

/** Whether there will be an engine here without anybody's doing. */
export function isOnItsWay({ link, isStarting, isClosing }: Standing): boolean {
  const { state, failing, lease } = link;
  if (isClosing) return false;
  if (isStarting || holdsLease(link) || state === 'resting') return true;
  return state === 'following' ? lease.state === 'waiting' : (state === 'connecting' || state === 'lost') && !failing;
}

/** Why a command cannot be done now. */
export function refusalOf({ link, isClosing }: Standing): Refusal {
  if (isClosing) return refusal('updating');
  switch (link.state) {
    case 'unpaired':
      return refusal('unpaired');
    case 'superseded':
      return refusal('superseded');
    case 'oldHelper':
    case 'oldApp':
      return refusal('versions-differ');
    case 'following':
      return refusal('followed');
    case 'connecting':
    case 'welcomed':
    case 'linked':
    case 'lost':
    case 'resting':
    case 'closed':
      return refusal('daemon-away');
    default:
      return link.state satisfies never;
  }
}

export function shownState({ link, isStarting, hasEngine }: Standing): Connection['state'] {
  const { state, failing, gaveUp } = link;
  switch (state) {
    case 'unpaired':
      return isStarting ? 'connecting' : 'unpaired';
    case 'linked':
      return hasEngine ? 'connected' : 'connecting';
    case 'following':
      return isFollowing(link) ? 'connected' : 'connecting';
    case 'welcomed':
      return gaveUp ? 'disconnected' : 'connecting';
    case 'resting':
      return 'connecting';
    case 'connecting':
    case 'lost':
      return failing ? 'disconnected' : 'connecting';
    case 'superseded':
    case 'oldHelper':
    case 'oldApp':
    case 'closed':
      return 'disconnected';
    default:
      return state satisfies never;
  }
}

/** Which of the two is too old for the other; null where none is. */
export function outdated({ state }: Link): Connection['outdated'] {
  if (state === 'oldHelper') return 'helper';
  return state === 'oldApp' ? 'app' : null;
}
