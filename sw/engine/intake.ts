import { EngineError, type Refusal, refusal } from './errors.ts';
import type { Loop } from './loop.ts';
import { CONNECTED } from './phase.ts';
import type { Registry } from './registry.ts';
import { readInfoRecord } from './recall.ts';
import { decodeProgressRecord, decodeTorrentRecord } from './resume.ts';
import type { InfoRecord, ProgressRecord, TorrentRecord } from './resume.ts';
import type { Surroundings } from './surroundings.ts';
import { Torrent } from './torrent.ts';
import { hostPort, parseHostPort } from './codec/address.ts';
import { parseMagnet } from './codec/magnet.ts';
import { parseTorrent, type Metainfo } from './codec/metainfo.ts';
import { shortHashes } from './model/ids.ts';
import type { TorrentHashes } from './model/ids.ts';

const MAX_TORRENTS = 10_000;
const NOTHING_KNOWN = { meta: null, layers: new Map<string, Uint8Array>() };

/** What became of what was added. */
export interface Added {
  readonly id: string;
  /** It was in the list, and started. */
  readonly already: boolean;
  /** Trackers or web seeds came with it that the torrent had not had. */
  readonly brought: boolean;
  /** It had been removed a moment ago. */
  readonly isBack: boolean;
}

export type AddSource = { readonly kind: 'magnet'; readonly uri: string } | { readonly kind: 'file'; readonly bytes: Uint8Array };

function added({ id, started, leaving }: Torrent, brought: boolean): Added {
  return { id, already: started, brought, isBack: leaving !== null };
}

/** How torrents come into the session: by a magnet, by a .torrent, by their record. */
export class Intake {
  constructor(
    private readonly torrents: Registry<Torrent>,
    private readonly around: Surroundings,
    private readonly loop: Loop,
    private readonly log: (level: 'error', text: string) => void,
    private readonly world: {
      now(): number;
      /** Whether the net and the store are there. */
      attached(): boolean;
      changed(torrent: Torrent): void;
    },
  ) {}

  /** To be started or removed. Throws an EngineError where it is none, or cannot be. */
  add(source: AddSource): Added {
    return source.kind === 'magnet' ? this.magnet(source.uri) : this.file(source.bytes);
  }

  /** Why there can be no more; null where there can. */
  get overflow(): Refusal | null {
    if (this.torrents.size < MAX_TORRENTS) return null;
    // Whoever removed some to make room sees them no more; they may still be taken back.
    const isLeaving = [...this.torrents.values()].some(({ leaving }) => leaving !== null);
    return isLeaving ? refusal('list-full-for-now') : refusal('list-full', { most: MAX_TORRENTS });
  }

  /** Brings back what was recorded; what cannot be read is logged and left as it is. */
  restore(records: ReadonlyMap<string, Uint8Array>): void {
    for (const [key, value] of records) {
      const id = /^t\/([0-9a-f]{40})\/torrent$/.exec(key)?.[1];
      if (id === undefined || this.torrents.get(id)) continue;
      this.loop.run(() => this.restoreOne(id, value, records.get(`t/${id}/info`), records.get(`t/${id}/progress`)));
    }
  }

  private restoreOne(id: string, value: Uint8Array, info: Uint8Array | undefined, progress: Uint8Array | undefined): void {
    const record = decodeTorrentRecord(value);
    if (record) {
      const saved = progress ? decodeProgressRecord(progress) : null;
      // There is progress of none but a torrent whose files were known.
      this.adopt(id, record, info ?? null, saved, { isKept: true, isKnown: progress !== undefined });
    } else this.log('error', `the record of torrent ${id} cannot be read; it is left as it is`);
  }

  /** Makes one of its records. `isKept`: they are those of our own store; `isKnown`: its files were known. */
  adopt(
    id: string,
    record: TorrentRecord,
    info: Uint8Array | null,
    progress: ProgressRecord | null,
    { isKept, isKnown }: { readonly isKept: boolean; readonly isKnown: boolean },
  ): Torrent {
    const torrent = this.create(record.hashes ?? { v1Hash: id, v2Hash: null }, record.name, record.addedAt, progress, id);
    torrent.announcer.add(record.trackers, this.world.now());
    torrent.work.sources.add(record.sources);
    torrent.webSeeds.add(record.webSeeds, 'files', this.world.now());
    torrent.webSeeds.add(record.httpSeeds, 'pieces', this.world.now());
    torrent.peerSet.named = [...record.peers];
    const peers = record.peers.map(peer => parseHostPort(peer)).filter(peer => peer !== null);
    torrent.peerSet.learn(peers, 'person', null, this.world.now(), false);
    const known = info ? readInfoRecord(info, torrent.hashes) : isKnown ? 'it is not there' : null;
    if (typeof known === 'string') {
      torrent.substance.lose();
      this.log('error', `${id}: the record of its files cannot be read: ${known}`);
    }
    const { meta, layers } = known === null || typeof known === 'string' ? NOTHING_KNOWN : known;
    this.reinstate(torrent, record, meta, layers, isKept);
    this.world.changed(torrent);
    return torrent;
  }

  /** What an exact source of a magnet gave, or why it gave nothing. */
  sourced(torrent: Torrent, url: string, problem: string, bytes: Uint8Array): void {
    if (this.torrents.get(torrent.id) !== torrent) return;
    const why = problem === '' ? this.mismatch(torrent, bytes) : problem;
    this.loop.event(torrent, () => torrent.work.sources.answered(url, why));
  }

  /** Why these bytes are not the .torrent of that torrent; empty where they are, and are taken. */
  private mismatch({ hashes }: Torrent, bytes: Uint8Array): string {
    try {
      const meta = parseTorrent(bytes);
      const isIt = (hashes.v1Hash ?? meta.v1Hash) === meta.v1Hash && (hashes.v2Hash ?? meta.v2Hash) === meta.v2Hash;
      if (!isIt) return 'It is another torrent.';
      this.take(meta);
      return '';
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      throw error;
    }
  }

  /** A private torrent that is known has its trackers from whoever gave it: any page can open a magnet (BEP 27). */
  private magnet(uri: string): Added {
    const magnet = parseMagnet(uri);
    const known = this.torrents.find(magnet);
    if (known?.isPrivate) return added(known, false);
    let brought = false;
    const torrent = known ?? this.create(magnet, magnet.name ?? '');
    this.loop.event(torrent, now => {
      const tiers = magnet.trackers.map(url => [url]);
      const isNew = [torrent.announcer.add(tiers, now), torrent.webSeeds.add(magnet.webSeeds, 'files', now)];
      brought = isNew.includes(true);
      if (torrent.work.sources.add(magnet.exactSources) || brought) torrent.recorder.writeSoon(now);
      if (!torrent.started && magnet.selectOnly) torrent.substance.select(magnet.selectOnly);
      if (!known) torrent.peerSet.named = magnet.peers.map(hostPort);
      torrent.peerSet.learn(magnet.peers, 'person', shortHashes(magnet)[0] ?? null, now, CONNECTED.has(torrent.phase));
      if (!known && this.world.attached()) torrent.attach([], now);
    });
    return added(torrent, brought);
  }

  private file(bytes: Uint8Array): Added {
    return this.take(parseTorrent(bytes));
  }

  private take(meta: Metainfo): Added {
    const known = this.torrents.find(meta);
    let brought = false;
    const torrent = known ?? this.create(meta, meta.name);
    this.loop.event(torrent, now => {
      if (!known?.isPrivate) brought = this.takeOver(torrent, meta, now);
      if (!meta.isPrivate) for (const { host, port } of meta.nodes) this.around.dht.contact(host, port, now);
      torrent.learnFiles(meta);
      if (!known && this.world.attached()) torrent.attach([], now);
    });
    return added(torrent, brought);
  }

  /** What a .torrent says beside its files. True where it has trackers or web seeds that are new. */
  private takeOver(torrent: Torrent, meta: Metainfo, now: number): boolean {
    const { announcer, webSeeds, recorder, comment } = torrent;
    const isNew = [
      announcer.add(meta.trackers, now),
      webSeeds.add(meta.webSeeds, 'files', now),
      webSeeds.add(meta.httpSeeds, 'pieces', now),
    ];
    torrent.comment ||= meta.comment;
    const brought = isNew.includes(true);
    if (brought || torrent.comment !== comment) recorder.writeSoon(now);
    return brought;
  }

  /** Gives it what was recorded of it; `isKept`: by our own store. */
  private reinstate(
    torrent: Torrent,
    record: TorrentRecord,
    meta: Metainfo | null,
    layers: InfoRecord['layers'],
    isKept: boolean,
  ): void {
    const now = this.world.now();
    torrent.started = true;
    torrent.turn.lineUp(record.place);
    torrent.comment = record.comment;
    torrent.options = record.options;
    torrent.peerSet.barring.set(record.options.banned, now);
    torrent.limit.restore(record);
    torrent.transfer.restore(record);
    torrent.leaving = record.leaving;
    if (meta) torrent.identify(meta);
    else if (record.isPrivate) torrent.peerSet.keepToTrackers(now);
    torrent.substance.restore(record, meta, layers);
    torrent.recorder.isInfoKept = isKept && meta !== null;
    if (record.paused) torrent.move('paused');
    torrent.letGo();
  }

  private create(
    hashes: TorrentHashes,
    name: string,
    addedAt = this.around.wall(),
    saved: ProgressRecord | null = null,
    id = shortHashes(hashes)[0] ?? '',
  ): Torrent {
    const { overflow } = this;
    if (overflow) throw overflow;
    const torrent: Torrent = new Torrent(id, hashes, name, addedAt, saved, this.around, effect =>
      this.loop.want(torrent, effect),
    );
    this.torrents.add(torrent);
    return torrent;
  }
}
