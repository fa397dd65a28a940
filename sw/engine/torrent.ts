import { Announcer } from './announce.ts';
import { totalsOf } from './totals.ts';
import type { Content } from './content.ts';
import { PROBLEM_CODES } from './disk-problems.ts';
import { DhtMember } from './dht/member.ts';
import type { OwnPiece } from './kept.ts';
import { entered, Journal, note } from './journal.ts';
import { LsdMember } from './lsd-member.ts';
import { Mending } from './mending.ts';
import type { Outcome } from './assembly.ts';
import type { Outbox } from './effects.ts';
import type { FileProblem } from './events.ts';
import { MetadataGiver } from './metadata-giver.ts';
import { readMetadata, type MetadataFetch } from './metadata.ts';
import { DEFAULT_OPTIONS, type TorrentOptions } from './options.ts';
import { PeerSet } from './peers.ts';
import type { Peer } from './peer.ts';
import { BUSY, MOVES, CONNECTED, RESTING, WORKING, type Phase } from './phase.ts';
import { settle } from './outcome.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { FilePriorities } from './priorities.ts';
import { Recorder } from './recorder.ts';
import { Relocation } from './relocation.ts';
import type { Deletion } from './roots.ts';
import type { Surroundings } from './surroundings.ts';
import type { Leaving, ProgressRecord } from './resume.ts';
import { Substance } from './substance.ts';
import { Transfer } from './transfer.ts';
import { Turn } from './turn.ts';
import { SeedingLimit } from './seeding-limit.ts';
import type { WireTarget } from './wire-target.ts';
import { WebSeeds } from './web-seeds.ts';
import { Work } from './work.ts';
import { EngineError } from './errors.ts';
import type { Metainfo } from './codec/metainfo.ts';
import { shortHashes } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';

/** A torrent from its first magnet to its last upload: its phase, and the machines that each phase runs. */
export class Torrent implements WireTarget {
  phase: Phase = 'waiting';
  started = false;
  readonly substance: Substance;
  fetch: MetadataFetch | null = null;
  readonly metadataGiver = new MetadataGiver();
  readonly announcer: Announcer;
  readonly peerSet: PeerSet;
  readonly webSeeds: WebSeeds;
  readonly dht: DhtMember;
  /** A hybrid's, under the other of its hashes. */
  private otherDht: DhtMember | null = null;
  readonly lsd: LsdMember;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly turn: Turn;
  readonly limit = new SeedingLimit();
  readonly work: Work = new Work(this);
  readonly relocation = new Relocation(this);
  readonly transfer: Transfer = new Transfer(this);
  /** Another engine of ours sees to it: nothing is done here. */
  isHeld = false;
  /** A person removed it, and may take that back. */
  leaving: Leaving | null = null;
  readonly mending: Mending;
  problem: FileProblem | null = null;
  problemFile = '';
  /** Monotonic ms since when it looks for peers. */
  runningSince = 0;
  doneAt = 0;
  comment = '';
  options: TorrentOptions = DEFAULT_OPTIONS;
  /** Totals of earlier runs, bytes. */
  readonly before: { readonly uploaded: number; readonly downloaded: number };
  /** Files that are gone are to be fetched anew. */
  private refetch = false;
  private now = 0;

  constructor(
    readonly id: InfoHash,
    public hashes: TorrentHashes,
    private magnetName: string,
    readonly addedAt: number,
    saved: ProgressRecord | null,
    private readonly around: Surroundings,
    readonly out: Outbox,
  ) {
    this.announcer = new Announcer(id, () => totalsOf(this), around, out);
    this.peerSet = new PeerSet(id, this, around.peerId, around.limits, around.own, around.ids, around.security, out);
    this.webSeeds = new WebSeeds(this, around.fetches, around.ids, out);
    this.dht = new DhtMember(this, around.dht);
    this.lsd = new LsdMember(this, around.lsd);
    this.recorder = new Recorder(this, out);
    this.journal = new Journal(around.archive);
    this.turn = new Turn(this, around.line);
    this.mending = new Mending(this, around.root);
    this.substance = new Substance(this, saved, { ...around, id, peers: this.peers, out });
    this.before = { uploaded: saved?.uploaded ?? 0, downloaded: saved?.downloaded ?? 0 };
    this.doneAt = saved?.doneAt ?? 0;
    this.limit.seeded = saved?.seeded ?? 0;
  }

  get meta(): Metainfo | null {
    return this.substance.meta;
  }
  get pieceHashes(): PieceHashes | null {
    return this.substance.pieceHashes;
  }
  get content(): Content | null {
    return this.substance.content;
  }
  get name(): string {
    return (this.meta ?? this.substance.atRest)?.name ?? (this.magnetName || this.id);
  }
  get info(): Uint8Array | null {
    return this.meta?.info ?? null;
  }
  get peers(): ReadonlyMap<number, Peer> {
    return this.peerSet.all;
  }
  get client(): string {
    return this.around.client;
  }
  get listenPort(): number {
    return this.around.listenPort();
  }
  get uploaded(): number {
    return this.before.uploaded + this.peerSet.uploaded;
  }
  get downloaded(): number {
    return this.before.downloaded + this.peerSet.downloaded + this.webSeeds.downloaded;
  }
  /** All that is wanted of it is here. */
  get isComplete(): boolean {
    return this.substance.isComplete;
  }
  get isKnown(): boolean {
    return this.substance.isKnown;
  }
  get isPrivate(): boolean {
    return this.substance.isPrivate;
  }
  /** Whether a tick has anything to do. */
  get isIdle(): boolean {
    const isAtWork = BUSY.has(this.phase) || !this.work.recall.isIdle;
    return !isAtWork && this.mending.isIdle && this.recorder.isIdle && (this.content?.storage.idle ?? true);
  }
  /** It rests by itself, or is to once its files are checked or where they are to be. */
  get isPaused(): boolean {
    return this.phase === 'paused' || this.work.restsAfter || this.relocation.rests;
  }

  // What a person does

  /** Gives it its place and its files, and lets it go. `priorities` is null where nothing was chosen. */
  start(root: string, priorities: FilePriorities | null): void {
    this.started = true;
    this.out({ do: 'happened', what: 'added' });
    this.out(note('added'));
    this.substance.place(root, priorities);
    this.turn.lineUp();
    this.recorder.writeInfo();
    this.recorder.writeTorrent();
    if (this.phase !== 'waiting') this.enterQueue();
  }

  /** Its turn has come. */
  proceed(now: number): void {
    if (this.phase !== 'queued' || !this.turn.isSeated) return;
    this.turn.begin(now);
    // What is gone here is still there where it comes from. Where both had it, only a person says so.
    this.work.begin(now, this.refetch || this.transfer.isAwaited);
    this.refetch = false;
  }

  /** Another's has. */
  giveWay(): void {
    if (WORKING.has(this.phase) && this.started && !this.turn.isSeated) this.leave('queued', true);
  }

  pause(): void {
    if (!this.started || !MOVES[this.phase].includes('paused')) return;
    const isReadBack = this.phase === 'loading';
    this.work.restsAfter = this.transfer.isGoing;
    if (this.phase === 'moving') this.relocation.rests = !this.transfer.isGoing;
    else this.leave('paused', true);
    // That took with it what was to be done as soon as it is read back.
    if (isReadBack && this.substance.where.isPending) this.relocate();
    this.recorder.writeTorrent();
  }

  /** `attached`: the store and the network are there. */
  resume(attached: boolean): void {
    if (this.transfer.isWaiting) return this.transfer.goOnWithout();
    if (!this.isPaused && this.phase !== 'failed') return;
    this.limit.resume();
    this.mending.reset();
    this.wake(attached, false);
  }

  /** What had stopped it may be mended. What is gone is not fetched anew unless a person says so. */
  retry(): void {
    this.wake(true, this.work.restsAfter, false);
  }

  /** From rest to its turn; `rests`: and back to rest once its files were checked; `refetch`: missing files are fetched anew. */
  wake(attached: boolean, rests: boolean, refetch = this.problem === 'gone'): void {
    this.work.restsAfter = rests;
    this.relocation.rests = false;
    if (this.phase === 'paused' || this.phase === 'failed') {
      this.refetch = refetch;
      this.problem = null;
      this.problemFile = '';
      if (attached) this.enterQueue();
      else this.move('waiting');
    }
    this.recorder.writeTorrent();
  }

  /** `deletion` is null where its files stay. */
  remove(deletion: Deletion | null): void {
    this.leave('removed', true);
    this.journal.close();
    this.turn.end();
    this.content?.storage.closeAll();
    if (!this.started) return;
    this.recorder.erase();
    this.relocation.remove(deletion);
    this.substance.deleteFiles(deletion, index => this.relocation.isCarrying(index));
  }

  // What the world does

  attach(kept: readonly OwnPiece[], now: number): void {
    const { isPending } = this.substance.where;
    this.substance.adopt(kept, this.phase === 'waiting' && !isPending, now);
    if (this.phase === 'paused' && isPending) this.relocate();
    this.mending.looked(now);
    if (this.phase !== 'waiting') return;
    if (!this.started) return this.work.begin(now);
    this.enterQueue();
    if (kept.length > 0 && !this.turn.isSeated) this.content?.rest(now);
  }

  detach(): void {
    if (this.phase === 'removed') return;
    this.relocation.detach();
    if (this.phase === 'moving' && this.isPaused) this.leave('paused', false);
    else if (this.phase !== 'paused' && this.phase !== 'failed') this.leave('waiting', false);
    this.content?.detach();
    this.peerSet.swarm.refresh();
  }

  metadataArrived(bytes: Uint8Array): void {
    const meta = readMetadata(this, bytes, this.now);
    if (meta) this.learnFiles(meta);
    else this.seekMetadata();
  }

  /** The files, of which a magnet knows none at first, or hashes of pieces that another .torrent of them left out. */
  learnFiles(meta: Metainfo): void {
    const layers = meta.trees?.layers ?? new Map<string, Uint8Array>();
    if (this.substance.atRest) {
      if (layers.size > 0) this.work.recall.begin(() => this.learnFiles(meta));
      return;
    }
    if (this.meta) for (const [root, layer] of layers) this.learnLayer(root, layer);
    if (this.meta) return;
    this.fetch = null;
    this.identify(meta);
    this.substance.learn(meta);
    this.recorder.writeInfo();
    this.recorder.writeTorrent();
    if (this.phase !== 'fetching') return;
    if (this.started) this.work.check(false, this.now);
    else this.move('ready');
  }

  tick(now: number, second: boolean): void {
    this.at(now);
    this.recorder.tick(this.content, now);
    this.work.tick(now);
    // Both are in the phase 'moving', each by itself.
    if (!this.transfer.isGoing) this.relocation.tick(now);
    this.mending.tick(now);
    this.letGo();
    if (!second) return;
    if (WORKING.has(this.phase) && this.started) this.turn.tick(now);
    if (this.phase === 'running') this.limit.watch(this, this.around.settings(), now);
    if (CONNECTED.has(this.phase)) {
      this.peerSet.tick(now);
      this.announcer.watch(this.content?.isComplete === true, this.peers.values(), now);
    }
    if (this.phase === 'fetching') this.seekMetadata();
    if (this.phase !== 'running' || !this.content) return;
    if (this.content.unchecked) return this.work.check(false, now);
    this.content.tick(this.peers.values(), now);
    this.webSeeds.tick(now);
  }

  // What peers bring about (WireTarget)

  refresh(peer: Peer): void {
    const downloader = this.content?.downloader;
    if (this.phase !== 'running' || !downloader) return;
    if (this.peerSet.closeIfIdle(peer, this.now)) return;
    peer.setInterested(downloader.wants(peer), this.now);
    downloader.fill(peer, this.now);
  }

  /** The hashes of the pieces of a file have come, proven. */
  learnLayer(root: string, layer: Uint8Array): void {
    if (!this.pieceHashes?.learn(root, layer)) return;
    this.recorder.writeInfoSoon(this.now);
    this.content?.learned(root);
    for (const peer of this.peers.values()) this.refresh(peer);
  }

  settle(outcome: Outcome): void {
    settle(this, outcome, this.now);
  }

  peerInterest(peer: Peer): void {
    this.around.interest(this.id, peer);
  }

  seekMetadata(): void {
    if (this.phase === 'fetching') this.fetch?.fill(this.peers.values(), this.now);
  }

  /** The torrent's clock: set before whatever it is told. */
  at(now: number): void {
    this.now = now;
  }

  // Inside

  readonly wall = (): number => this.around.wall();

  finishIfComplete(): void {
    this.work.finishIfComplete(this.now);
  }

  move(to: Phase): void {
    if (!MOVES[this.phase].includes(to)) throw new EngineError('phase', `a torrent cannot go from ${this.phase} to ${to}`);
    this.phase = to;
    this.dht.entered(to, this.now);
    this.otherDht?.entered(to, this.now);
    this.lsd.entered(to);
    this.mending.entered(to);
    const told = this.started && entered(to, this.isComplete);
    if (told) this.out(told);
    if (to === 'running') this.out({ do: 'happened', what: 'running' });
  }

  /** What it is called is known, by each of its hashes. */
  identify(meta: Metainfo): void {
    this.hashes = { v1Hash: meta.v1Hash, v2Hash: meta.v2Hash };
    const other = shortHashes(this.hashes).find(hash => hash !== this.id) ?? null;
    this.announcer.otherHash = other;
    this.otherDht = other === null ? null : new DhtMember(this, this.around.dht, other);
    this.around.identified(this.id);
    if (meta.isPrivate) this.peerSet.keepToTrackers(this.now);
  }

  fail(problem: FileProblem, file: string): void {
    if (this.phase === 'waiting' || !MOVES[this.phase].includes('failed')) return;
    this.leave('failed', true);
    this.problem = problem;
    this.problemFile = file;
    this.mending.begin(this.now);
    this.out({ do: 'happened', what: 'failed' });
    this.out(note('failed', file, PROBLEM_CODES[problem]));
    this.out({ do: 'log', level: 'warn', text: `${this.id}: stopped: ${problem} ${file}` });
  }

  /** Other names or another root for its files; checked before ({@link Relocation.wish}). */
  relocate(): void {
    if (this.phase === 'waiting' || this.phase === 'moving') return;
    if (this.substance.atRest) return this.work.recall.begin(() => this.relocate());
    if (!this.content) return;
    this.problem = null;
    this.relocation.begin(this.isPaused && !this.work.restsAfter);
  }

  /** Into the queue, and on at once where it is its turn. What is not where it is to be is brought there first. */
  enterQueue(): void {
    if (this.content && this.substance.where.isPending) return this.relocation.begin(false, this.refetch);
    if (this.phase !== 'fetching') this.move('queued');
    this.turn.enter();
    this.giveWay();
    if (this.phase === 'queued' && !this.turn.isSeated) this.announcer.stop(true);
    this.letGo();
  }

  /** While nothing is done with its files, nothing is kept of them that their records can give back. */
  letGo(): void {
    const { content, recorder } = this;
    const isOff = this.started && RESTING.has(this.phase) && !this.turn.isSeated && this.peers.size === 0;
    const isRecorded = recorder.isSettled && recorder.isInfoKept && !this.substance.where.isPending;
    if (!content || !isOff || !isRecorded || !content.isSettled || !this.work.recall.isIdle) return;
    this.substance.letGo(recorder.progressOf(content));
  }

  /** To a phase without connections. */
  leave(to: 'queued' | 'waiting' | 'moving' | 'paused' | 'failed' | 'removed', farewell: boolean): void {
    if (this.phase !== to) this.move(to);
    if (to !== 'queued') this.turn.leave();
    this.work.stop();
    // Trackers need not hear of files that are moved: it is soon there again.
    if (to !== 'moving') this.announcer.stop(farewell);
    this.peerSet.closeAll(this.now);
    if (farewell) this.content?.rest(this.now, to === 'removed');
  }
}
