/** What keeps a torrent from moving: the cause, what follows from it and what to do, in sentences, and what one press can do. */
import type { Problem } from '../sw/view-model.ts';
import { formatDuration, formatEnough, formatRatio, isolated, shownText } from './format.ts';
import { browserRoom, roomIn, toneOf, untilOf, type ProblemContext, type Tone } from './problems.ts';
import { remedyOf, type Remedy } from './remedies.ts';
import { say } from './said.ts';
import { translated } from './told.ts';
import { whether, words } from './words/words.ts';

export interface Reason {
  readonly text: string;
  readonly tone: Tone;
  readonly remedy: Remedy | null;
}

export function explainProblem(problem: Problem, about: ProblemContext): Reason {
  const tone = toneOf(problem);
  const text = textOf(problem, about);
  if (about.mayStay && tone === 'bad') return { text: words.reasons.orKeep({ text }), tone, remedy: 'stay' };
  return { text, tone, remedy: remedyOf(problem, about) };
}

function textOf(problem: Problem, about: ProblemContext): string {
  const texts = words.reasons;
  const here = { here: whether(about.isHere) };
  const folder = { named: whether(about.folder !== ''), folder: quotable(about.folder) };
  switch (problem.code) {
    case 'disk-full':
      return about.isHere
        ? texts.browserFull(browserRoom(problem.needed, about.free))
        : texts.diskFull({ ...roomIn(problem.needed, about.free), ...lackOf(problem.needed, about.free) });
    case 'disk-quota':
      return texts.diskQuota(folder);
    case 'file-too-large':
      return texts.fileTooLarge(folder);
    case 'read-only':
      return texts.readOnly(folder);
    case 'denied':
      return texts.denied(folder);
    case 'folder-gone':
      return texts.folderGone(folder);
    case 'file-gone':
      return about.isHere ? texts.filesCleared() : texts.fileGone();
    case 'file-busy':
      return texts.fileBusy();
    case 'file-unsafe':
      return texts.fileUnsafe();
    case 'file-conflict':
      return texts.fileConflict(folder);
    case 'io':
      return texts.io(folder);
    case 'limit':
      return texts.limit(here);
    case 'moving':
      return texts.moving();
    case 'bringing':
      return problem.isHere ? texts.bringing() : texts.bringingElsewhere();
    case 'not-brought':
      return texts.notBrought({ text: say(problem.why) });
    case 'not-moved':
      return explainNotMoved(problem, about);
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
      return texts.metadataRefused({ text: say(problem.why) });
    case 'list-too-long':
      return texts.listTooLong();
    case 'record-lost':
      return texts.recordLost();
    case 'no-source-has-missing':
      return texts.noSourceHasMissing({ missing: problem.missing });
    case 'choked':
      return texts.choked({ peers: problem.peers });
    case 'silent':
      return texts.silent({ peers: problem.peers });
    case 'unreached':
      return texts.unreached({ peers: problem.peers });
    case 'peers-gone':
      return texts.peersGone();
    case 'no-connections':
      return texts.noConnections({ most: problem.most });
    case 'nothing-chosen':
      return texts.nothingChosen();
    case 'out-of-reach':
      return beyond(problem);
    case 'tracker':
      return texts.tracker({ host: hostOf(problem.url), text: quotable(translated(problem.text)) });
    case 'state-not-read':
      return texts.stateNotRead({ ...here, text: quotable(translated(problem.text)) });
    case 'state-not-saved':
      return texts.stateNotSaved({ ...here, text: quotable(translated(problem.text)) });
  }
}

/** What is known that needs the helper. */
function beyond({ trackers, peers }: Extract<Problem, { code: 'out-of-reach' }>): string {
  const text = words.reasons.outOfReach();
  if (trackers > 0 && peers > 0) return words.reasons.outOfReachBoth({ text, trackers, peers });
  if (trackers > 0) return words.reasons.outOfReachTrackers({ text, trackers });
  return peers > 0 ? words.reasons.outOfReachPeers({ text, peers }) : text;
}

function explainNotMoved({ why, left, needed }: Extract<Problem, { code: 'not-moved' }>, about: ProblemContext): string {
  const texts = words.reasons;
  const files = { left, moved: whether(about.origin !== ''), origin: quotable(about.origin) };
  switch (why) {
    case 'disk-full':
      return texts.notMovedFull({ ...files, ...roomIn(needed, about.free), ...lackOf(needed, about.free) });
    case 'disk-quota':
      return texts.notMovedQuota(files);
    case 'file-too-large':
      return texts.notMovedTooLarge(files);
    case 'file-conflict':
      return texts.notMovedConflict(files);
    case 'folder-gone':
      return texts.notMovedFolder(files);
    case 'file-gone':
      return texts.notMovedGone(files);
    case 'read-only':
    case 'denied':
      return texts.notMovedDenied(files);
    case 'file-busy':
    case 'limit':
      return texts.notMovedBusy(files);
    case 'file-unsafe':
      return texts.notMovedUnsafe(files);
    case 'io':
      return texts.notMovedIo(files);
  }
}

/** How much more room would do, where that is known. */
function lackOf(needed: number, free: number): { readonly lacking: 'yes' | 'no'; readonly lack: string } {
  const lack = needed - free;
  return { lacking: whether(free >= 0 && lack > 0), lack: formatEnough(lack) };
}

function quotable(text: string): string {
  return isolated(shownText(text));
}

/** Without what may be a key behind it. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
