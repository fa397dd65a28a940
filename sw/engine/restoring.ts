/** Torrents that come back from where they were taken to ({@link Exporting}), as they were there: they are read like any that is added. */
import { refusal } from './errors.ts';
import type { FileChoices } from './exporting.ts';
import type { Added, AddSource, Intake } from './intake.ts';
import type { Loop } from './loop.ts';
import { withHosts } from './choices.ts';
import type { TorrentOptions } from './options.ts';
import type { Registry } from './registry.ts';
import { encodeInfoRecord } from './resume.ts';
import type { TorrentRecord } from './resume.ts';
import type { Torrent } from './torrent.ts';
import { parseMagnet } from './codec/magnet.ts';
import type { Magnet } from './codec/magnet.ts';
import { parseTorrent } from './codec/metainfo.ts';
import type { Metainfo } from './codec/metainfo.ts';
import { shortHashes } from './model/ids.ts';

export interface Returning {
  readonly magnet: string;
  /** Of the same torrent; null where there is none. */
  readonly torrent: Uint8Array | null;
  readonly root: string;
  readonly isPaused: boolean;
  readonly options: TorrentOptions;
  readonly choices: FileChoices;
}

/** Of the session what is done here as well. */
interface Door {
  add(source: AddSource): Added;
  label(id: string, add: readonly string[], remove: readonly string[]): void;
  remove(id: string, withData: boolean): void;
}

export class Restoring {
  constructor(
    private readonly door: Door,
    private readonly torrents: Registry<Torrent>,
    private readonly loop: Loop,
    private readonly intake: Intake,
    private readonly attached: () => boolean,
    /** Ms since 1970. */
    private readonly wall: () => number,
  ) {}

  /**
   * One that is paused asks nobody for anything. One that is in the list gets the trackers, web seeds and labels that it lacks, and stays as it is
   * otherwise.
   * @throws {Refusal}
   */
  take(returning: Returning): Added {
    const link = parseMagnet(returning.magnet);
    const meta = returning.torrent && parseTorrent(returning.torrent);
    if (meta && !isOne(link, meta)) throw refusal('restore-differs');
    const options = withHosts(returning.options);
    const known = this.torrents.find(meta ?? link);
    if (known?.started) return this.merge(known, returning);
    const { overflow } = this.intake;
    if (overflow) throw overflow;
    // Somebody was about to add it.
    if (known) this.door.remove(known.id, false);
    const hashes = { v1Hash: meta?.v1Hash ?? link.v1Hash, v2Hash: meta?.v2Hash ?? link.v2Hash };
    const id = shortHashes(hashes)[0] ?? '';
    const record = recordOf(returning, link, meta, options, this.wall());
    const info = meta && encodeInfoRecord({ info: meta.info, layers: meta.trees?.layers ?? new Map<string, Uint8Array>() });
    this.loop.run(() => {
      const made = this.intake.adopt(id, { ...record, hashes }, info, null, { isKept: false, isKnown: meta !== null });
      this.loop.event(made, now => {
        made.recorder.writeInfo();
        made.recorder.writeTorrent();
        if (this.attached()) made.attach([], now);
      });
    });
    return { id, already: false, brought: false, isBack: false };
  }

  private merge({ id }: Torrent, { magnet, torrent, options }: Returning): Added {
    const added = this.door.add({ kind: 'magnet', uri: magnet });
    const more = torrent && this.door.add({ kind: 'file', bytes: torrent });
    if (options.labels.length > 0) this.door.label(id, options.labels, []);
    return { ...added, brought: added.brought || more?.brought === true };
  }
}

/** Whether both name one torrent: no hash of theirs differs, and one is the same. */
function isOne(link: Magnet, meta: Metainfo): boolean {
  const pairs = [
    [link.v1Hash, meta.v1Hash],
    [link.v2Hash, meta.v2Hash],
  ].filter(([a, b]) => a !== null && b !== null);
  return pairs.length > 0 && pairs.every(([a, b]) => a === b);
}

function recordOf(
  { root, isPaused, choices }: Returning,
  link: Magnet,
  meta: Metainfo | null,
  options: TorrentOptions,
  addedAt: number,
): Omit<TorrentRecord, 'hashes'> {
  return {
    name: meta?.name ?? link.name ?? '',
    trackers: meta && meta.trackers.length > 0 ? meta.trackers : link.trackers.map(url => [url]),
    peers: [],
    webSeeds: link.webSeeds,
    httpSeeds: meta?.httpSeeds ?? [],
    sources: link.exactSources,
    comment: meta?.comment ?? '',
    addedAt,
    root,
    folder: choices.folder,
    renames: new Map(choices.renames.map(({ file, path }) => [file, path])),
    strays: [],
    paused: isPaused,
    isPrivate: meta?.isPrivate ?? false,
    priorities: Uint8Array.from(choices.priorities, Number),
    selectOnly: link.selectOnly,
    options,
    place: 0,
    stopped: null,
    seedsOn: false,
    awaited: null,
    absent: null,
    leaving: null,
  };
}
