import { DHT_RECORD } from './datagrams.ts';
import type { Doors } from './doors.ts';
import { NewsDesk, NEWS_KEY } from './news.ts';
import type { News, Turn } from './news.ts';
import {
  decodeHandover,
  encodeHandover,
  HANDOVER_KEY,
  MAX_PASSED_PEERS,
  MAX_PASSED_TORRENTS,
  MAX_PEERS_EACH,
} from './handover.ts';
import type { Handover, PassedTorrent } from './handover.ts';
import { History } from './history/history.ts';
import { HISTORY_KEY } from './history/record.ts';
import type { Identity } from './identity.ts';
import type { LimitSettings } from './limits.ts';
import { SEEKING } from './phase.ts';
import type { Registry } from './registry.ts';
import type { Torrent } from './torrent.ts';
import type { InfoHash } from './model/ids.ts';

/** Ms between two records while torrents have connections: an end that nobody announces loses no more than that. */
const RECORD_EVERY = 60_000;
const FIRST_RECORD = 5_000;

interface Keeper {
  /** Does it; what it throws is logged, and costs nothing else. */
  run(action: () => void): void;
  /** Has the next engine find this; null: nothing. `done` hears that it is flushed, or cannot be. */
  keep(key: string, value: Uint8Array | null, done?: () => void): void;
}

/** Who hears of what happens. */
export interface Audience {
  /** Nobody looks: it is kept for who looks next. */
  readonly isUnwatched?: boolean;
  readonly happened?: (news: News) => void;
}

/** What is in no other record passes from one engine to the next: a hand-over is no stop. */
export class HandingOver {
  /** Left by the engine before, until the torrents are there. */
  private passed: Handover | null = null;
  private dueAt = FIRST_RECORD;
  private writing = 0;
  /** What happened while nobody looked. */
  readonly news: NewsDesk;
  readonly history: History;

  constructor(
    private readonly clock: { now(): number; wall(): number; offset(wall: number): number },
    private readonly keeper: Keeper,
    private readonly identity: Identity,
    private readonly doors: Pick<Doors, 'incoming' | 'udp' | 'reach'>,
    private readonly torrents: Registry<Torrent>,
    settings: () => LimitSettings,
    { isUnwatched = false, happened = () => undefined }: Audience,
  ) {
    this.dueAt += clock.now();
    const keep = (record: Uint8Array | null): void => keeper.keep(NEWS_KEY, record);
    this.history = new History(clock, settings, identity.since);
    this.news = new NewsDesk({ isUnwatched, wall: () => clock.wall(), keep, heard: happened });
  }

  /** Everything that was to be written is. */
  get isSettled(): boolean {
    return this.writing === 0;
  }

  /** The records of the engine before, before any torrent is there. */
  begin(records: ReadonlyMap<string, Uint8Array>): void {
    const [nodes, news, bytes, history] = [DHT_RECORD, NEWS_KEY, HANDOVER_KEY, HISTORY_KEY].map(key => records.get(key));
    if (nodes) this.doors.udp.dht.restore(nodes);
    if (news) this.news.restore(news);
    const record = bytes && decodeHandover(bytes);
    if (record && this.identity.takeOver(record, this.wall)) {
      this.doors.incoming.wished = record.port;
      this.passed = record;
    }
    this.history.restore(history, this.identity.since);
  }

  /** The torrents are there. */
  goOn(): void {
    const ahead = this.clock.now() - this.wall;
    for (const [id, { trackers, peers }] of this.passed?.torrents ?? []) {
      const torrent = this.torrents.get(id);
      torrent?.announcer.takeOver(trackers, ahead);
      torrent?.peerSet.takeOver(peers);
    }
    this.passed = null;
  }

  /** Something became of a torrent. */
  happened({ id, name, problem }: Pick<Torrent, 'id' | 'name' | 'problem'>, what: Turn): void {
    this.news.happened(id, name, what);
    if (what === 'failed' && problem === 'full') this.history.full(name);
  }

  removed(id: InfoHash): void {
    this.news.removed(id);
    this.history.removed(id);
  }

  /** The network can be used, or not any more; since `at`, ms since 1970, where that was not now. */
  reaches(isThere: boolean, at?: number): void {
    if (this.doors.reach.addresses) this.history.helper(isThere, at);
  }

  /** Once a second; `rested`: nothing was to be done for a while before. */
  tick(now: number, rested: boolean): void {
    this.keeper.run(() => this.history.second(rested));
    this.keeper.run(() => {
      if (this.history.due(now)) this.recordHistory();
    });
    if (now >= this.dueAt) this.keeper.run(() => this.record());
  }

  /** At the end, what is recorded now and again as well. */
  end(rested: boolean): void {
    this.keeper.run(() => this.history.second(rested));
    this.keeper.run(() => this.recordHistory());
    this.keeper.run(() => this.record());
  }

  /** Everything that the next engine is to go on with. */
  private record(): void {
    const { clock, identity, doors } = this;
    this.dueAt = clock.now() + RECORD_EVERY;
    const { since, peerId, key } = identity;
    const { port } = doors.incoming;
    this.keep(HANDOVER_KEY, encodeHandover({ at: this.wall, since, peerId, key, port, torrents: this.passOn() }));
  }

  private recordHistory(): void {
    this.keep(HISTORY_KEY, this.history.record());
  }

  private keep(key: string, value: Uint8Array): void {
    this.writing += 1;
    this.keeper.keep(key, value, () => {
      this.writing -= 1;
    });
  }

  private passOn(): ReadonlyMap<InfoHash, PassedTorrent> {
    const behind = this.wall - this.clock.now();
    const passed = new Map<InfoHash, PassedTorrent>();
    let room = MAX_PASSED_PEERS;
    for (const torrent of this.torrents.values()) {
      if (!torrent.started || !SEEKING.has(torrent.phase) || passed.size >= MAX_PASSED_TORRENTS) continue;
      const peers = torrent.peerSet.passOn(Math.min(room, MAX_PEERS_EACH));
      const trackers = torrent.announcer.passOn(behind);
      room -= peers.length;
      if (peers.length > 0 || trackers.length > 0) passed.set(torrent.id, { trackers, peers });
    }
    return passed;
  }

  /** Ms since 1970. */
  private get wall(): number {
    return Math.floor(this.clock.wall());
  }
}
