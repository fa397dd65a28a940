import { EngineError } from './errors.ts';
import type { Gift } from './giving.ts';
import type { Intake } from './intake.ts';
import type { Loop } from './loop.ts';
import { readInfoRecord } from './recall.ts';
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
   * where it has something, that is awaited.
   * @throws {EngineError} with a message for people
   */
  adopt(id: string, { records: { torrent, info, progress }, has }: Gift, root: string): void {
    const record = decodeTorrentRecord(torrent);
    if (!record) throw new EngineError('malformed', 'What the app knows of this torrent cannot be read. Nothing was done.');
    const saved = progress ? decodeProgressRecord(progress) : null;
    const nothing = { have: new Uint8Array(saved?.have.length ?? 0), maybe: [], stats: [], parts: [], partials: [] };
    this.loop.run(() => {
      if (this.torrents.get(id)) return;
      const made = this.intake.adopt(
        id,
        { ...record, root, strays: [], place: 0, awaited: !has.isEmpty, absent: null },
        info,
        saved && { ...saved, ...nothing },
        { isKept: false, isKnown: info !== null },
      );
      this.loop.event(made, now => {
        made.recorder.writeInfo();
        made.recorder.writeTorrent();
        if (made.content) made.recorder.writeProgress(made.content);
        if (this.attached()) made.attach([], now);
      });
    });
  }

  /** That other engine is there, with some of the torrent, or (null) is not any more. */
  connect(id: string, source: Source | null, info: Uint8Array | null = null): void {
    const torrent = this.torrents.get(id);
    if (!torrent?.started) return;
    this.loop.event(torrent, now => {
      const known = info && !torrent.isKnown ? readInfoRecord(info, torrent.hashes) : null;
      if (known !== null && typeof known !== 'string') {
        torrent.learnFiles(known.meta);
        for (const [file, layer] of known.layers) torrent.learnLayer(file, layer);
      }
      torrent.transfer.connect(source, this.attached(), now);
    });
  }

  /** Whether it is here for what comes of it, and nothing else was done with it yet. */
  isAwaited(id: string): boolean {
    return this.torrents.get(id)?.transfer.isAwaited ?? false;
  }

  isHere(id: string): boolean {
    return this.torrents.get(id)?.started === true;
  }

  /** Whether it is not here any more, or waits for something that a person or a disk has to do first. */
  isOff(id: string): boolean {
    const torrent = this.torrents.get(id);
    return !torrent || torrent.phase === 'failed';
  }

  /** Whether there is one to which something could be brought, and to which nothing is. */
  canTake(id: string): boolean {
    const torrent = this.torrents.get(id);
    return torrent?.started === true && torrent.phase !== 'failed' && torrent.transfer.source === null;
  }

  /** Whether what there is to know of it is on the disk. */
  isKept(id: string): boolean {
    const torrent = this.torrents.get(id);
    return torrent?.started === true && torrent.recorder.isSettled && (torrent.recorder.isInfoKept || !torrent.isKnown);
  }
}
