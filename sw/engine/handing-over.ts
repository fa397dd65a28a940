import type { Doors } from './doors.ts';
import { decodeHandover, encodeHandover, MAX_PASSED_PEERS, MAX_PASSED_TORRENTS, MAX_PEERS_EACH } from './handover.ts';
import type { Handover, PassedTorrent } from './handover.ts';
import type { Identity } from './identity.ts';
import { SEEKING } from './phase.ts';
import type { Registry } from './registry.ts';
import type { Torrent } from './torrent.ts';
import type { InfoHash } from './model/ids.ts';

/** Ms between two records while torrents have connections: an end that nobody announces loses no more than that. */
const RECORD_EVERY = 60_000;
const FIRST_RECORD = 5_000;

/** What is in no other record passes from one engine to the next: a hand-over is no stop. */
export class HandingOver {
  /** Left by the engine before, until the torrents are there. */
  private passed: Handover | null = null;
  private dueAt = FIRST_RECORD;
  private writing = 0;

  constructor(
    private readonly clock: { now(): number; wall(): number },
    /** Has the next engine find this; `done` hears that it is flushed, or cannot be. */
    private readonly keep: (value: Uint8Array, done: () => void) => void,
    private readonly identity: Identity,
    private readonly doors: Pick<Doors, 'incoming' | 'udp'>,
    private readonly torrents: Registry<Torrent>,
  ) {
    this.dueAt += clock.now();
  }

  /** Everything that was to be written is. */
  get isSettled(): boolean {
    return this.writing === 0;
  }

  /** The record of the engine before, before any torrent is there. */
  begin(bytes: Uint8Array | undefined): void {
    const record = bytes && decodeHandover(bytes);
    if (!record || !this.identity.takeOver(record, this.wall)) return;
    this.doors.incoming.wished = record.port;
    this.passed = record;
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

  /** Once a second. */
  tick(now: number): void {
    if (now >= this.dueAt) this.record();
  }

  /** Everything that the next engine is to go on with. */
  finish(): void {
    this.doors.udp.dht.keep();
    this.record();
  }

  private record(): void {
    const { clock, identity, doors } = this;
    this.dueAt = clock.now() + RECORD_EVERY;
    const { since, peerId, key } = identity;
    const { port } = doors.incoming;
    this.writing += 1;
    this.keep(encodeHandover({ at: this.wall, since, peerId, key, port, torrents: this.passOn() }), () => {
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
