/** What keeps a torrent from moving, in a few words: for a line of the list. The whole of it is in reasons.ts. */
import type { Problem } from '../sw/view-model.ts';
import {
  formatAbout,
  formatCount,
  formatDuration,
  formatEnough,
  formatPercent,
  formatRatio,
  formatUntil,
  isolated,
  shownText,
} from './format.ts';
import { translated } from './told.ts';
import { whether, words } from './words/words.ts';

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** What the sentences about a torrent's problem need to know of it. Sizes in bytes; `free` is -1 when unknown. */
export interface ProblemContext {
  readonly free: number;
  readonly folder: string;
  /** The folder that files were to be moved out of; empty where it is the same, or not known. */
  readonly origin: string;
  /** Its files are in the storage of this browser. */
  readonly isHere: boolean;
  /** There is another folder of the helper that they could go to. */
  readonly hasOther: boolean;
  /** It is on its way out of this browser, which has all of it still. */
  readonly mayStay: boolean;
}

/** Whether it goes on by itself, a person may help, or has to. */
export function toneOf(problem: Problem): Tone {
  switch (problem.code) {
    case 'moving':
    case 'queued':
    case 'scheduled':
    case 'stopped':
    case 'daemon-away':
    case 'nothing-chosen':
      return 'plain';
    case 'bringing':
      return problem.isHere ? 'plain' : 'warn';
    case 'not-brought':
    case 'no-peers':
    case 'no-metadata':
    case 'list-too-long':
    case 'record-lost':
    case 'no-source-has-missing':
    case 'choked':
    case 'silent':
    case 'unreached':
    case 'peers-gone':
    case 'no-connections':
    case 'out-of-reach':
    case 'tracker':
    case 'state-not-read':
      return 'warn';
    default:
      return 'bad';
  }
}

export function nameProblem(problem: Problem, about: ProblemContext): string {
  const texts = words.problems;
  switch (problem.code) {
    case 'disk-full':
      return about.isHere
        ? texts.browserFull(browserRoom(problem.needed, about.free))
        : texts.diskFull(roomIn(problem.needed, about.free));
    case 'disk-quota':
      return texts.diskQuota();
    case 'file-too-large':
      return texts.fileTooLarge();
    case 'read-only':
      return texts.readOnly();
    case 'denied':
      return texts.denied();
    case 'folder-gone':
      return texts.folderGone();
    case 'file-gone':
      return about.isHere ? texts.filesCleared() : texts.fileGone();
    case 'file-busy':
      return texts.fileBusy();
    case 'file-unsafe':
      return texts.fileUnsafe();
    case 'file-conflict':
      return texts.fileConflict();
    case 'io':
      return texts.io();
    case 'limit':
      return texts.limit();
    case 'moving':
      return texts.moving({ moved: formatCount(problem.moved), of: formatCount(problem.of) });
    case 'bringing':
      return problem.isHere
        ? texts.bringing({ percent: formatPercent(problem.of === 0 ? 0 : problem.moved / problem.of) })
        : texts.bringingElsewhere();
    case 'not-brought':
      return texts.notBrought();
    case 'not-moved':
      return nameNotMoved(problem, about);
    case 'queued':
      return texts.queued({ ahead: problem.ahead });
    case 'scheduled':
      return texts.scheduled(untilOf(problem.until));
    case 'stopped':
      return problem.by === 'ratio'
        ? texts.stoppedAtRatio({ ratio: formatRatio(problem.limit, 1) })
        : texts.stoppedAfter({ duration: formatDuration(problem.limit * 60) });
    case 'daemon-away':
      return texts.daemonAway();
    case 'no-peers':
      return texts.noPeers();
    case 'no-metadata':
      return texts.noMetadata();
    case 'metadata-refused':
      return texts.metadataRefused();
    case 'list-too-long':
      return texts.listTooLong();
    case 'record-lost':
      return texts.recordLost();
    case 'no-source-has-missing':
      return texts.noSourceHasMissing({ missing: problem.missing });
    case 'choked':
      return texts.choked({ peers: problem.peers });
    case 'silent':
      return texts.silent();
    case 'unreached':
      return texts.unreached();
    case 'peers-gone':
      return texts.peersGone();
    case 'no-connections':
      return texts.noConnections();
    case 'nothing-chosen':
      return texts.nothingChosen();
    case 'out-of-reach':
      return texts.outOfReach();
    case 'tracker':
      return texts.tracker({ text: isolated(shownText(translated(problem.text))) });
    case 'state-not-read':
      return texts.stateNotRead({ here: whether(about.isHere) });
    case 'state-not-saved':
      return texts.stateNotSaved();
  }
}

function nameNotMoved({ why, needed }: Extract<Problem, { code: 'not-moved' }>, about: ProblemContext): string {
  const texts = words.problems;
  switch (why) {
    case 'disk-full':
      return texts.notMovedFull(roomIn(needed, about.free));
    case 'disk-quota':
      return texts.notMovedQuota();
    case 'file-too-large':
      return texts.notMovedTooLarge();
    case 'file-conflict':
      return texts.notMovedConflict();
    case 'folder-gone':
      return texts.notMovedFolder();
    case 'file-gone':
      return texts.notMovedGone();
    case 'read-only':
    case 'denied':
      return texts.notMovedDenied();
    case 'file-busy':
    case 'limit':
      return texts.notMovedBusy();
    case 'file-unsafe':
      return texts.fileUnsafe();
    case 'io':
      return texts.io();
  }
}

/** Until when the schedule has a pause; null: always. */
export function untilOf(until: number | null): { readonly ends: 'yes' | 'no'; readonly at: string } {
  return { ends: whether(until !== null), at: until === null ? '' : formatUntil(until, Date.now()) };
}

interface Room {
  readonly room: 'both' | 'needed' | 'neither';
  readonly needed: string;
  readonly free: string;
}

/** How much room is needed, and how much there is where that is known to be less. */
export function roomIn(needed: number, free: number): Room {
  const room = free >= needed ? 'neither' : free >= 0 ? 'both' : 'needed';
  return { room, needed: formatEnough(needed), free: formatAbout(free) };
}

/** What a browser says of its room is often more than it gives. */
export function browserRoom(needed: number, free: number): Room {
  return roomIn(needed, free < needed ? free : -1);
}
