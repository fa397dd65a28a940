import type { Problem } from '../sw/view-model.ts';
import { formatAbout, formatCount, formatDuration, formatEnough, formatPercent, formatRatio, plural } from './format.ts';
import { bad, plain, warn } from './problem-words.ts';
import type { Words } from './problem-words.ts';

/** What the sentences about a torrent's problem need to know of it. Sizes in bytes; `free` is -1 when unknown. */
export interface ProblemContext {
  readonly free: number;
  readonly folder: string;
  /** The folder that files were to be moved out of; empty where it is the same, or not known. */
  readonly origin: string;
  /** Its files are in the storage of this browser. */
  readonly isHere: boolean;
  /** It is on its way out of this browser, which has all of it still. */
  readonly mayStay: boolean;
}

const STAY = ' Or keep it in the browser, which still has all of it.';

export function describeProblem(problem: Problem, about: ProblemContext): Words {
  const words = wordsOf(problem, about);
  return about.mayStay && words.tone === 'bad' ? { ...words, text: words.text + STAY, remedy: 'stay' } : words;
}

function wordsOf(problem: Problem, about: ProblemContext): Words {
  const who = about.isHere ? 'This browser' : 'The helper';
  const folder = about.folder === '' ? 'the download folder' : `“${about.folder}”`;
  switch (problem.code) {
    case 'disk-full': {
      if (about.isHere) return browserFull(problem.needed, about.free);
      const short = roomIn('Disk is full', problem.needed, about.free);
      const lack = problem.needed - about.free;
      const then =
        about.free >= 0 && lack > 0
          ? `Free another ${formatEnough(lack)}, and it goes on by itself.`
          : 'Free some space; it tries again from time to time.';
      return bad(short, `${short}. The download is paused; finished pieces are safe. ${then}`);
    }
    case 'disk-quota':
      return bad(
        'Your quota on this disk is used up',
        `Your quota on the disk of ${folder} is used up, whatever is free on it. The download is paused; finished pieces are safe. Delete something of yours there, or have the quota raised; it tries again from time to time.`,
      );
    case 'file-too-large':
      return bad(
        'A file is too long for this disk',
        `The disk of ${folder} holds no file as long as one of this torrent; many USB sticks end at 4 GB. The torrent is paused; finished pieces are safe. Move its files to a folder on another disk, then resume.`,
      );
    case 'read-only':
      return bad(
        'The disk is read-only',
        `The disk of ${folder} is read-only. Nothing can be saved there. The torrent goes on by itself once it is writable.`,
      );
    case 'denied':
      return bad(
        'The folder may not be written to',
        `Starling may not write to ${folder}. The download is paused; finished pieces are safe. It goes on by itself once the folder's permissions are changed.`,
      );
    case 'folder-gone':
      return bad(
        'The folder is gone',
        `${capital(folder)} is not there. The torrent is paused. It goes on by itself once the disk is connected or the folder is back.`,
      );
    case 'file-gone':
      if (about.isHere) {
        return bad(
          'The browser has cleared some of its files',
          'The browser has cleared files of this torrent from its storage, as it may when the disk runs short. The torrent is paused. Resume it to download what is missing again.',
        );
      }
      return bad(
        'A file was moved or deleted',
        'A file of this torrent was moved, replaced or deleted. The torrent is paused. Put the file back and resume, or resume to download what is missing again.',
      );
    case 'file-busy':
      return bad(
        'A file is in use by another torrent',
        'Another torrent is writing to the same file. This one is paused, and tries again from time to time. Remove one of the two.',
      );
    case 'file-unsafe':
      return bad(
        'A link stands in the way',
        'A link or a special file stands where a file of this torrent belongs. It was left alone, and the torrent is paused. Remove the link, then resume.',
      );
    case 'file-conflict':
      return bad(
        'A file in the folder does not fit',
        `${capital(folder)} holds something else under the name of a file of this torrent. It was left alone, and the torrent is paused. Move it away, then resume.`,
      );
    case 'io':
      return bad(
        'The disk reported an error',
        `The disk reported an error while reading or writing in ${folder}. The torrent is paused; finished pieces are safe, and it tries again from time to time. Check the disk.`,
      );
    case 'limit':
      return bad(
        'Too many files are open',
        `${who} reached its limit of open files or memory. The torrent is paused, and tries again from time to time. Pause others to make room for it.`,
      );
    case 'moving':
      return plain(
        `Moving files, ${formatCount(problem.moved)} of ${formatCount(problem.of)}`,
        'The files are on their way to their new place or name. The torrent goes on by itself once all are there.',
        null,
      );
    case 'bringing':
      return bringing(problem);
    case 'not-brought':
      return warn(
        'Cannot be moved for now',
        `${problem.text} What this browser has of it stays there until it is all in the folder. It is tried again from time to time; or keep it in the browser.`,
        'stay',
      );
    case 'not-moved':
      return notMoved(problem, about);
    case 'queued': {
      const isNext = problem.ahead === 0;
      const ahead = isNext ? 'next' : `${formatCount(problem.ahead)} ahead`;
      const others = isNext
        ? 'This one is next and starts'
        : `${plural(problem.ahead, 'other comes', 'others come')} first; this one starts`;
      return plain(
        `Waiting in the queue, ${ahead}`,
        `As many torrents are active as the settings allow. ${others} by itself when it is its turn.`,
        'force',
      );
    }
    case 'stopped': {
      const how =
        problem.by === 'ratio' ? `at ratio ${formatRatio(problem.limit, 1)}` : `after ${formatDuration(problem.limit * 60)}`;
      return plain(
        `Stopped ${how}`,
        `Seeding stopped ${how}, as it was set to. Resume it to go on seeding without that limit.`,
        'resume',
      );
    }
    case 'daemon-away':
      return plain(
        'Waiting for the helper',
        'The helper does not answer, so nothing moves at the moment. The torrent goes on by itself once the helper is back.',
        'reconnect',
      );
    case 'no-peers':
      return warn(
        'No peers found',
        'Neither a tracker nor the link named anyone who has this torrent now. It goes on by itself once someone appears. See the trackers for what they answered.',
        'trackers',
      );
    case 'no-metadata':
      return warn(
        'No one has sent the file list',
        'A magnet link carries no file list, and no peer has sent it so far. Starling keeps asking. A .torrent file, if you can find one, contains it.',
        'trackers',
      );
    case 'metadata-refused':
      return bad('This torrent cannot be used', `Its list of files has come. ${problem.text}`);
    case 'list-too-long':
      return warn(
        'Its file list is too long to be kept',
        'The list of its files is longer than the helper keeps. The torrent goes on, but after a restart the list has to be fetched from peers again; what is downloaded stays.',
        null,
      );
    case 'record-lost':
      return warn(
        'The file list has to be fetched again',
        'The record of its files on the helper is damaged or missing. Starling asks peers for the file list, and keeps what is downloaded. Adding the .torrent file again is quicker, if you have it.',
        'trackers',
      );
    case 'no-source-has-missing': {
      const short =
        problem.missing === 1
          ? 'No peer has the missing piece'
          : `No peer has the missing ${formatCount(problem.missing)} pieces`;
      return warn(
        short,
        `${plural(problem.missing, 'piece is', 'pieces are')} with none of the connected peers. What others have continues to arrive; the rest comes once someone complete joins.`,
        'announce',
      );
    }
    case 'choked':
      return warn(
        problem.peers === 1 ? 'The peer does not send yet' : 'No peer sends yet',
        `${problem.peers === 1 ? 'The one peer that has what is missing gives' : `All ${formatCount(problem.peers)} peers that have what is missing give`} to others just now, as each gives to a few at a time. It goes on by itself when there is a turn; more peers make that sooner.`,
        'announce',
      );
    case 'silent':
      return warn(
        'Peers were asked and send nothing',
        `${plural(problem.peers, 'source was', 'sources were')} asked for pieces and ${problem.peers === 1 ? 'has' : 'have'} sent nothing for a while. Either they are busy, or the connection of this computer is. Starling asks others as soon as there are any.`,
        'announce',
      );
    case 'unreached':
      return warn(
        'No peer answers',
        `${problem.peers === 0 ? 'Peers were named, but none' : `${plural(problem.peers, 'peer is', 'peers are')} known, but none`} could be reached: they may be gone, or a firewall may be in the way. Starling tries again from time to time, and goes to whoever is named next.`,
        'announce',
      );
    case 'peers-gone':
      return warn(
        'No peer is there any more',
        'There were peers, and the connections with them have ended: they may have gone, or have nothing more to give. Starling goes to them again from time to time, and to whoever is named next.',
        'announce',
      );
    case 'no-connections':
      return warn(
        'All connections are in use',
        `All ${formatCount(problem.most)} connections that the settings allow are taken by other torrents. This one goes on as soon as one is free. Allow more of them, or pause other torrents.`,
        'limits',
      );
    case 'nothing-chosen':
      return plain(
        'No file is chosen',
        'All files of this torrent are left out, so there is nothing to download. Choose those that you want.',
        'files',
      );
    case 'out-of-reach':
      return warn(
        'No source that this browser can reach',
        `No source that a browser can reach has answered. This browser can use WebRTC peers, and web seeds that allow it (CORS); most peers use TCP or UDP. The free helper adds those.${beyond(problem)}`,
        'helper',
      );
    case 'tracker':
      return warn(
        `Tracker: ${problem.text}`,
        `The tracker ${hostOf(problem.url)} answered: “${problem.text}”. Other sources continue, and it is asked again later.`,
        'trackers',
      );
    case 'state-not-read':
      return warn(
        `${who} could not read its record`,
        `What ${who.toLowerCase()} keeps of this torrent could not be read: ${sentence(problem.text)} Nothing is lost by that, and it is asked again every few seconds.`,
        null,
      );
    case 'state-not-saved':
      return bad(
        'Progress could not be saved',
        `${who} could not save the progress: ${sentence(problem.text)} The download goes on, but some of it may be checked again after a restart. Free some space on ${about.isHere ? 'this computer' : "the helper's disk"}.`,
      );
  }
}

function browserFull(needed: number, free: number): Words {
  // What a browser says of its room is often more than it gives.
  const short = roomIn('The browser’s storage is full', needed, free < needed ? free : -1);
  return bad(
    short,
    `${short}. The download is paused; finished pieces are safe. Remove something else, choose fewer files, or get the helper, which saves to the disk. It goes on by itself once there is room.`,
  );
}

/** What is known that needs the helper, in a sentence. */
function beyond({ trackers, peers }: Extract<Problem, { code: 'out-of-reach' }>): string {
  const known = [
    ...(trackers > 0 ? [plural(trackers, 'tracker', 'trackers')] : []),
    ...(peers > 0 ? [plural(peers, 'known peer', 'known peers')] : []),
  ];
  return known.length === 0 ? '' : ` For this torrent ${known.join(' and ')} ${trackers + peers === 1 ? 'needs' : 'need'} it.`;
}

function bringing({ moved, of, isHere }: Extract<Problem, { code: 'bringing' }>): Words {
  const percent = formatPercent(of === 0 ? 0 : moved / of);
  return isHere
    ? {
        short: `Moving to this computer, ${percent}`,
        text: 'What the browser has of it is on its way to the folder on this computer. It stays in the browser until all of it is there, and goes on by itself then.',
        tone: 'plain',
        remedy: 'stay',
      }
    : warn(
        'Waiting for the browser that has it',
        'The rest of what is there of it is in the storage of the browser that it was added in. Open the app in that one and it goes on, or resume it to download that again.',
        'resume',
      );
}

function notMoved({ why, left, needed }: Extract<Problem, { code: 'not-moved' }>, about: ProblemContext): Words {
  const [be, keep] = left === 1 ? ['is', 'keeps its old name'] : ['are', 'keep their old names'];
  const where = about.origin === '' ? `${keep} for now` : `${be} still in “${about.origin}”`;
  const kept = `${plural(left, 'file was', 'files were')} not moved and ${where}; nothing is lost.`;
  const way = 'then resume, or move the files back.';
  switch (why) {
    case 'disk-full': {
      const room = roomIn('There is not enough room', needed, about.free);
      const lack = needed - about.free;
      const then =
        about.free >= 0 && lack > 0
          ? `Free another ${formatEnough(lack)}, and it goes on by itself, or move the files back.`
          : `Free some space, ${way}`;
      return bad(roomIn('Not moved', needed, about.free), `${room}. ${kept} ${then}`);
    }
    case 'disk-quota':
      return bad(
        'Not moved: your quota there is used up',
        `Your quota on the disk to move to is used up, whatever is free on it. ${kept} Delete something of yours there, ${way}`,
      );
    case 'file-too-large':
      return bad(
        'Not moved: a file is too long for that disk',
        `The disk to move to holds no file as long as one of this torrent; many USB sticks end at 4 GB. ${kept} Move the files back, or to a folder on another disk.`,
      );
    case 'file-conflict':
      return bad(
        'A file of that name is there already',
        `Another file has a name that a file of this torrent is to have. It was left alone. ${kept} Move or rename the other one, ${way}`,
      );
    case 'folder-gone':
      return bad(
        'A folder of the move is gone',
        `The folder to move from, or the one to move to, is not there. ${kept} Connect its disk, ${way}`,
      );
    case 'file-gone':
      return bad(
        'A file to be moved is gone',
        `A file of this torrent is not where it was. ${kept} Put it back and resume, or resume to download what is missing again.`,
      );
    case 'read-only':
    case 'denied':
      return bad(
        'Files may not be moved',
        `One of the two folders may not be written to. ${kept} Change its permissions, ${way}`,
      );
    case 'file-busy':
    case 'limit':
      return bad(
        'A file to be moved is in use',
        `Another torrent or reader has a file open. ${kept} Pause the other one, ${way}`,
      );
    case 'file-unsafe':
      return bad(
        'A link stands in the way',
        `A link or a special file stands where a file is to go. It was left alone. ${kept} Remove the link, ${way}`,
      );
    case 'io':
      return bad(
        'The disk reported an error',
        `The disk reported an error while files were moved. ${kept} Check the disk, ${way}`,
      );
    default:
      return why satisfies never;
  }
}

/** How much room is needed, and how much there is where that is known to be less. */
function roomIn(what: string, needed: number, free: number): string {
  if (free >= needed) return what;
  const known = free >= 0 ? `, ${formatAbout(free)} free` : '';
  return `${what}: ${formatEnough(needed)} needed${known}`;
}

/** Ends as one. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
