import { type Said, said } from '../said.ts';
import { refusal } from './errors.ts';
import type { Gift } from './giving.ts';
import type { Intake } from './intake.ts';
import type { Loop } from './loop.ts';
import { infoOf, learnInfo } from './recall.ts';
import type { Registry } from './registry.ts';
import { decodeProgressRecord, decodeTorrentRecord } from './resume.ts';
import type { Torrent } from './torrent.ts';
import type { Source } from './source.ts';

/** Has torrents of another engine of ours here, and what that has of their files. */
export class Taking {
  constructor(
    private readonly torrents: Registry<Torrent>,
    private readonly loop: Loop,
    private readonly intake: Intake,
    private readonly attached: () => boolean,
  ) {}

  /**
   * Takes in a torrent of another engine by its records, with its files in that root from now on. Of what the other has of them nothing is here yet:
   * where it has something, that is awaited. Answers whether it is in the list now.
   * @throws {Refusal}
   */
  adopt(id: string, { records: { torrent, info, progress }, has, from }: Gift, root: string): boolean {
    const record = decodeTorrentRecord(torrent);
    if (!record) throw refusal('record-unreadable');
    const saved = progress ? decodeProgressRecord(progress) : null;
    const nothing = { have: new Uint8Array(saved?.have.length ?? 0), maybe: [], stats: [], parts: [], partials: [] };
    const awaited = has.isEmpty ? null : from;
    const given = { ...record, root, strays: [], place: 0, awaited, absent: null };
    // Thrown here, whatever the loop is at.
    const { overflow } = this.intake;
    if (overflow && !this.torrents.get(id)) throw overflow;
    const failed: unknown[] = [];
    this.loop.run(() => {
      if (this.torrents.get(id)) return;
      let made: Torrent;
      try {
        made = this.intake.adopt(id, given, info, saved && { ...saved, ...nothing }, { isKept: false, isKnown: info !== null });
      } catch (error) {
        failed.push(error);
        return;
      }
      this.loop.event(made, now => {
        made.recorder.writeInfo();
        made.recorder.writeTorrent();
        if (made.content) made.recorder.writeProgress(made.content);
        if (this.attached()) made.attach([], now);
      });
    });
    if (failed.length > 0) throw failed[0];
    return this.isHere(id);
  }

  /** Why it cannot be taken in just now; null where it can, or is here. */
  obstacleTo(id: string): Said | null {
    const torrent = this.torrents.get(id);
    if (!torrent) return this.intake.overflow?.said ?? null;
    return torrent.started ? null : said('bring-being-added');
  }

  /** That other engine is there, with some of the torrent, or (null) is not any more. */
  connect(id: string, source: Source | null, info: Uint8Array | null = null): void {
    const torrent = this.torrents.get(id);
    if (!torrent?.started) return;
    this.loop.event(torrent, now => {
      if (info) learnInfo(torrent, info);
      torrent.transfer.connect(source, this.attached(), now);
    });
  }

  /** Where it is here for what comes of it, and nothing else was done with it yet: the name of the store that has that. */
  awaited(id: string): string | null {
    return this.torrents.get(id)?.transfer.awaited ?? null;
  }

  /** Those that wait for what the store of that name has. */
  awaitedFrom(name: string): readonly string[] {
    return [...this.torrents.values()].filter(({ transfer }) => transfer.awaited === name).map(({ id }) => id);
  }

  /** What it waits for is nowhere any more: it comes from elsewhere, like any. */
  waitNoMore(id: string): void {
    const torrent = this.torrents.get(id);
    if (torrent) this.loop.event(torrent, () => torrent.transfer.waitNoMore());
  }

  isKnown(id: string): boolean {
    return this.torrents.get(id)?.isKnown === true;
  }

  /** The record of its files; null where they are not known, or are being read: ask again in a moment. */
  info(id: string): Uint8Array | null {
    const torrent = this.torrents.get(id);
    if (!torrent) return null;
    this.loop.event(torrent, now => torrent.work.recall.need(now));
    return infoOf(torrent);
  }

  isHere(id: string): boolean {
    return this.torrents.get(id)?.started === true;
  }

  /** Whether it is not here any more, or not for long, or waits for something that a person or a disk has to do first. */
  isOff(id: string): boolean {
    const torrent = this.torrents.get(id);
    return !torrent || torrent.phase === 'failed' || torrent.leaving !== null;
  }

  /** Whether there is one to which the store of that name could bring something, and to which nothing is brought. */
  canTake(id: string, from: string | null): boolean {
    const torrent = this.torrents.get(id);
    if (torrent?.started !== true || torrent.phase === 'failed' || torrent.leaving) return false;
    const { source, awaited } = torrent.transfer;
    return source === null && (awaited === null || awaited === from);
  }

  /** Whether what there is to know of it is on the disk. */
  isKept(id: string): boolean {
    const torrent = this.torrents.get(id);
    return torrent?.started === true && torrent.recorder.isSettled && (torrent.recorder.isInfoKept || !torrent.isKnown);
  }
}
