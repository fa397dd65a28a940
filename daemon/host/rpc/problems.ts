/** What is wrong with a torrent, in a sentence: cause, and what to do. */
import { sentenceOf as saidInEnglish } from '../../../sw/said.ts';
import type { DiskProblem, Problem } from '../../../sw/view-model.ts';

const DISK: Readonly<Record<DiskProblem, string>> = {
  'disk-full': 'The disk is full. Make room on it; the torrent then goes on by itself.',
  'disk-quota': 'The quota of the disk is used up. Free some of it; the torrent then goes on by itself.',
  'file-too-large': 'A file is longer than the file system can hold. Choose a folder on another disk.',
  'read-only': 'The disk is read-only. Make it writable; the torrent then goes on by itself.',
  denied: 'Starling may not write to the folder. Allow it; the torrent then goes on by itself.',
  'folder-gone': 'The download folder is not there. Plug its disk in or make it again; the torrent then goes on by itself.',
  'file-gone': 'A file of it was deleted or replaced. Resume the torrent to fetch it again.',
  'file-busy': 'A file of it belongs to another torrent as well. Remove one of the two.',
  'file-unsafe': 'A file of it is a link, or has another name elsewhere, and is not written to. Move it away and resume.',
  'file-conflict': 'Something else stands where a file of it belongs. Move it away and resume.',
  io: 'The disk fails to read or write. Check the disk; the torrent tries again by itself.',
  limit: 'Too many files are open. Pause other torrents; this one tries again by itself.',
};

/** Of what stops a torrent; what does not is told by its code. */
export function sentenceOf(problem: Problem): string {
  switch (problem.code) {
    case 'disk-full':
      return `The disk is full. Free ${problem.needed} bytes; the torrent then goes on by itself.`;
    case 'not-moved':
      return `${problem.left} of its files could not be moved. ${DISK[problem.why]}`;
    case 'not-brought':
    case 'metadata-refused':
      return `${problem.code}: ${saidInEnglish(problem.why)}`;
    case 'moving':
    case 'bringing':
    case 'queued':
    case 'scheduled':
    case 'stopped':
    case 'daemon-away':
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
    case 'nothing-chosen':
    case 'out-of-reach':
    case 'tracker':
    case 'state-not-saved':
    case 'state-not-read':
      return 'text' in problem ? `${problem.code}: ${problem.text}` : problem.code;
    default:
      return DISK[problem.code];
  }
}
