/** The lines of a torrent's log, in words. */
import type { DiskProblem, LogEntry, LogKind } from '../sw/view-model.ts';
import { formatCount, plural } from './format.ts';

export const KINDS: readonly { readonly kind: LogKind; readonly label: string }[] = [
  { kind: 'torrent', label: 'Torrent' },
  { kind: 'peer', label: 'Peers' },
  { kind: 'tracker', label: 'Trackers' },
  { kind: 'data', label: 'Data' },
  { kind: 'disk', label: 'Disk' },
];

const DISK: Readonly<Record<DiskProblem, string>> = {
  'disk-full': 'the disk is full',
  'disk-quota': 'the quota on the disk is used up',
  'file-too-large': 'the disk holds no file as long as one of it',
  'read-only': 'the disk is read-only',
  denied: 'the folder may not be written to',
  'folder-gone': 'the folder is gone',
  'file-gone': 'a file was moved, replaced or deleted',
  'file-busy': 'another torrent writes to the same file',
  'file-unsafe': 'a link stands in the way',
  'file-conflict': 'another file has the same name',
  io: 'the disk reported an error',
  limit: 'too many files are open',
};

/** What happened, in a sentence without a full stop. */
export function describeEntry({ what, who, text, count }: LogEntry): string {
  const why = text === '' ? '' : `: ${text}`;
  switch (what) {
    case 'added':
      return 'Added';
    case 'fetching':
      return 'Looking for its list of files';
    case 'queued':
      return 'Waiting for its turn';
    case 'checking':
      return 'Checking its files';
    case 'downloading':
      return 'Downloading';
    case 'seeding':
      return 'Seeding';
    case 'completed':
      return 'All that is wanted of it has come';
    case 'paused':
      return 'Paused';
    case 'waiting':
      return 'Waiting for the helper';
    case 'peer-joined':
      return `${peer(who)} connected${text === '' ? '' : `, with ${text}`}`;
    case 'peer-left':
      return `${peer(who)} was left${why}`;
    case 'peer-lost':
      return `${peer(who)} is not connected any more: “${text}”`;
    case 'peers-left':
      return `${plural(count, 'peer was', 'peers were')} left${why}`;
    case 'peer-banned':
      return `${peer(who)} was banned${why}`;
    case 'tracker-answered':
      return count < 0 ? `${who} answered` : `${who} answered with ${plural(count, 'peer', 'peers')}`;
    case 'tracker-failed':
      return `${who} did not answer as hoped: “${text}”`;
    case 'piece-corrupt':
      return `Piece ${formatCount(count)} was not what it should be, and is fetched again`;
    case 'web-seed-failed':
      return `${who} failed: “${text}”`;
    case 'web-seed-banned':
      return `${who} is not asked again: “${text}”`;
    case 'moving':
      return 'Moving its files';
    case 'moved':
      return 'Its files are where they were to go';
    case 'failed': {
      const problem = text in DISK ? DISK[text as DiskProblem] : text;
      return `Stopped: ${problem}${who === '' ? '' : ` (${who})`}`;
    }
  }
}

/** Of those a browser knows no address of. */
function peer(who: string): string {
  return who === '' ? 'A peer over WebRTC' : who;
}

const stamp = new Intl.DateTimeFormat('en', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** ms since 1970, to the second. */
export function formatStamp(at: number): string {
  return stamp.format(at);
}

/** Those of that kind, or all, that say `search`; the latest first. */
export function entriesOf(log: readonly LogEntry[], kind: LogKind | null, search: string): LogEntry[] {
  const words = search.trim().toLowerCase();
  return log.filter(entry => (kind === null || entry.kind === kind) && says(entry, words)).reverse();
}

function says(entry: LogEntry, words: string): boolean {
  return words === '' || describeEntry(entry).toLowerCase().includes(words);
}
