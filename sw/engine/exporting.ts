/** Torrents as one takes them elsewhere: what they are, and what a person chose of their files. */
import { type Refusal, refusal } from './errors.ts';
import type { Registry } from './registry.ts';
import { decodeInfoRecord } from './resume.ts';
import type { InfoRecord } from './resume.ts';
import type { Torrent } from './torrent.ts';
import { formatMagnet } from './codec/magnet.ts';
import { MAX_TORRENT_BYTES } from './codec/metainfo.ts';
import { torrentFile } from './codec/torrent-file.ts';

/** Bytes of .torrent files after which an answer holds no further torrent. */
const ENOUGH = 1 << 20;

/** What was chosen of the files of a torrent, whether they are known yet or not. */
export interface FileChoices {
  /** A digit for each file by its index, from 0 (left out) over 2 (normal) to 4 (first). Files beyond its end are normal. */
  readonly priorities: string;
  /** In place of the torrent's own folder; '' for that one. */
  readonly folder: string;
  /** Files with names of their own: below that folder. */
  readonly renames: readonly { readonly file: number; readonly path: readonly string[] }[];
}

export interface ExportedView {
  readonly id: string;
  /** With its trackers and web seeds. */
  readonly magnet: string;
  /** Its .torrent file; null where it was not asked for, or its files are not known, or it would be longer than one may be. */
  readonly torrent: Uint8Array | null;
  readonly isPrivate: boolean;
  readonly choices: FileChoices;
}

export interface ExportedViews {
  readonly torrents: readonly ExportedView[];
  /** Those that were looked at: of these, what is not among the torrents is not in the list. */
  readonly looked: readonly string[];
}

export class Exporting {
  constructor(
    private readonly torrents: Registry<Torrent>,
    /** One record of the state store. */
    private readonly read: (key: string, done: (problem: string, value: Uint8Array | null) => void) => void,
  ) {}

  /**
   * Calls back with as many of the first of these as one answer holds; or with why one cannot be told. `withFiles`: with the .torrent files of all,
   * else with those of private torrents alone. What is at rest is read from its record, one at a time, and stays at rest.
   */
  take(ids: readonly string[], withFiles: boolean, done: (answer: ExportedViews | Refusal) => void): void {
    const torrents: ExportedView[] = [];
    const looked: string[] = [];
    let bytes = 0;
    const give = (torrent: Torrent, info: InfoRecord | null): void => {
      const view = viewOf(torrent, info);
      torrents.push(view);
      bytes += view.torrent?.length ?? 0;
    };
    const next = (): void => {
      for (const id of ids.slice(looked.length)) {
        if (bytes >= ENOUGH) break;
        looked.push(id);
        const torrent = this.torrents.get(id);
        if (!torrent?.started || torrent.leaving) continue;
        const { meta, pieceHashes } = torrent.substance;
        const isWanted = torrent.isKnown && (withFiles || torrent.isPrivate);
        if (!isWanted || (meta && pieceHashes)) {
          give(torrent, isWanted && meta && pieceHashes ? { info: meta.info, layers: pieceHashes.layers } : null);
          continue;
        }
        this.read(`t/${torrent.id}/info`, (problem, value) => {
          if (problem !== '') return done(refusal('not-exported', { name: torrent.name, problem }));
          give(torrent, value && decodeInfoRecord(value));
          next();
        });
        return;
      }
      done({ torrents, looked });
    };
    next();
  }
}

function viewOf(torrent: Torrent, info: InfoRecord | null): ExportedView {
  const { announcer, webSeeds, substance, hashes, name, id, isPrivate } = torrent;
  const { folder, renames } = substance.where.naming;
  const file = info && torrentFile(info.info, announcer.urls, info.layers);
  return {
    id,
    magnet: formatMagnet({
      ...hashes,
      name,
      trackers: announcer.urls.flat(),
      webSeeds: webSeeds.urls('files'),
      selectOnly: torrent.isKnown ? null : substance.selectOnly,
    }),
    torrent: file && file.length <= MAX_TORRENT_BYTES ? file : null,
    isPrivate,
    choices: {
      priorities: substance.priorities.join(''),
      folder,
      renames: [...renames].map(([index, path]) => ({ file: index, path })),
    },
  };
}
