/** The lines of a torrent's log, in words. */
import type { DiskProblem, LogEntry, LogKind } from '../sw/view-model.ts';
import { DISK_TEXTS } from './disk-texts.ts';
import { formatCount, isolated, regional } from './format.ts';
import { translated } from './told.ts';
import { words } from './words/words.ts';

export const KINDS: readonly { readonly kind: LogKind; readonly label: string }[] = (
  ['torrent', 'peer', 'tracker', 'data', 'disk'] as const
).map(kind => ({
  kind,
  get label() {
    return nameOfKind(kind);
  },
}));

function nameOfKind(kind: LogKind): string {
  const texts = words.logLines;
  switch (kind) {
    case 'torrent':
      return texts.kindTorrent();
    case 'peer':
      return texts.kindPeer();
    case 'tracker':
      return texts.kindTracker();
    case 'data':
      return texts.kindData();
    case 'disk':
      return texts.kindDisk();
  }
}

/** What happened, in a sentence without a full stop. */
export function describeEntry({ what, who, text, count }: LogEntry): string {
  const texts = words.logLines;
  const peer = who === '' ? texts.someone() : isolated(who);
  const why = isolated(translated(text));
  const hasReason = text !== '';
  switch (what) {
    case 'added':
    case 'fetching':
    case 'queued':
    case 'checking':
    case 'downloading':
    case 'seeding':
    case 'completed':
    case 'paused':
    case 'waiting':
    case 'moving':
    case 'moved':
      return texts[what]();
    case 'peer-joined':
      return hasReason ? texts.peerJoinedWith({ peer, client: isolated(text) }) : texts.peerJoined({ peer });
    case 'peer-left':
      return hasReason ? texts.peerLeftFor({ peer, why }) : texts.peerLeft({ peer });
    case 'peer-lost':
      return texts.peerLost({ peer, why });
    case 'peers-left':
      return hasReason ? texts.peersLeftFor({ count, why }) : texts.peersLeft({ count });
    case 'peer-banned':
      return hasReason ? texts.peerBannedFor({ peer, why }) : texts.peerBanned({ peer });
    case 'tracker-answered':
      return count < 0
        ? texts.trackerAnswered({ tracker: isolated(who) })
        : texts.trackerAnsweredWith({ tracker: isolated(who), count });
    case 'tracker-failed':
      return texts.trackerFailed({ tracker: isolated(who), why });
    case 'piece-corrupt':
      return texts.pieceCorrupt({ piece: formatCount(count) });
    case 'web-seed-failed':
      return texts.webSeedFailed({ seed: isolated(who), why });
    case 'web-seed-banned':
      return texts.webSeedBanned({ seed: isolated(who), why });
    case 'failed': {
      const problem = text in DISK_TEXTS ? texts[DISK_TEXTS[text as DiskProblem]]() : why;
      return who === '' ? texts.failed({ why: problem }) : texts.failedAt({ why: problem, where: isolated(who) });
    }
  }
}

const stamp = new Intl.DateTimeFormat(regional, {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  second: '2-digit',
});

/** ms since 1970, to the second. */
export function formatStamp(at: number): string {
  return stamp.format(at);
}

/** Those of that kind, or all, that say `search`; the latest first. */
export function entriesOf(log: readonly LogEntry[], kind: LogKind | null, search: string): LogEntry[] {
  const sought = search.trim().toLowerCase();
  return log.filter(entry => (kind === null || entry.kind === kind) && says(entry, sought)).reverse();
}

function says(entry: LogEntry, sought: string): boolean {
  return sought === '' || describeEntry(entry).toLowerCase().includes(sought);
}
