import type { Content } from './content.ts';
import type { Ids, Outbox } from './effects.ts';
import type { FetchEnd, Place } from './events.ts';
import { note } from './journal.ts';
import type { ActivePiece } from './pieces.ts';
import { WebSeed } from './web-seed.ts';
import type { WebSeedKind } from './web-seed.ts';
import { fileParts, pieceParts, Run } from './web-run.ts';
import type { Segment } from './web-run.ts';
import type { Metainfo } from './codec/metainfo.ts';
import { webPaths } from './codec/web-urls.ts';
import { Bitfield } from './model/bitfield.ts';
import { BLOCK } from './model/layout.ts';
import { fromHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';

/** Of one torrent. */
export const MAX_WEB_SEEDS = 100;
/** A request without a byte for so long is given up, ms. */
const SILENCE = 30_000;
/** What nobody brought a block of for so long is asked of another as well, ms. */
const STALLED = 3_000;
/** Whoever is asked for it already included. */
const COPIES = 3;
/** One request is of no more than this part of what is left, so that at the end nobody waits for one. */
const SHARE = 1 / 16;

/** Requests over all torrents, as they are and as they may be. */
export interface FetchLimits {
  readonly max: number;
  open: number;
}

interface Owner {
  readonly id: InfoHash;
  readonly phase: string;
  readonly meta: Metainfo | null;
  readonly content: Content | null;
}

/** The web seeds of one torrent: which of them is asked for what, over HTTP straight into the buffers of pieces. */
export class WebSeeds {
  readonly all: WebSeed[] = [];
  private readonly runs = new Map<number, Run>();
  private paths: readonly (string | null)[] | null = null;

  constructor(
    private readonly torrent: Owner,
    private readonly limits: FetchLimits,
    private readonly ids: Ids,
    private readonly out: Outbox,
  ) {}

  /** True where any of them was not there yet. */
  add(urls: Iterable<string>, kind: WebSeedKind, now: number): boolean {
    const before = this.all.length;
    for (const url of urls) {
      if (this.all.length >= MAX_WEB_SEEDS) break;
      if (!this.all.some(seed => seed.url === url && seed.kind === kind)) this.all.push(new WebSeed(url, kind, now));
    }
    return this.all.length > before;
  }

  urls(kind: WebSeedKind): string[] {
    return this.all.filter(seed => seed.kind === kind).map(seed => seed.url);
  }

  /** Bytes of this run of the engine. */
  get downloaded(): number {
    return this.all.reduce((sum, seed) => sum + seed.down.total, 0);
  }

  /** Bytes a second. */
  rate(now: number): number {
    return this.all.reduce((sum, seed) => sum + seed.down.rate(now), 0);
  }

  /** Those that have what we want, as far as is known. */
  get usable(): number {
    return this.all.reduce((count, seed) => count + (seed.state === 'ready' || seed.running > 0 ? 1 : 0), 0);
  }

  get active(): number {
    return this.all.reduce((count, seed) => count + (seed.running > 0 ? 1 : 0), 0);
  }

  /** Once a second while the torrent runs. */
  tick(now: number): void {
    for (const run of [...this.runs.values()]) if (!this.isOfUse(run)) this.abort(run);
    this.fill(now);
  }

  /** Nothing is asked of anyone any more, and nobody counts as having anything. */
  stop(): void {
    for (const run of [...this.runs.values()]) this.abort(run);
    for (const seed of this.all) this.leave(seed);
    this.paths = null;
  }

  /** Bytes of a request are in place; of those that came `earlier` nobody knows who brought them. */
  landed(request: number, place: Place, earlier: boolean, now: number): void {
    const run = this.runs.get(request);
    const content = this.torrent.content;
    if (!run || !content) return;
    if (!earlier) run.seed.down.add(place.length, now);
    run.landed += place.length;
    for (const { piece, block } of run.arrived(place)) content.downloader.arrived(piece, block, earlier ? '' : run.seed.url, now);
  }

  ended(request: number, end: FetchEnd, now: number): void {
    const run = this.runs.get(request);
    if (!run) return;
    this.runs.delete(request);
    const { seed, part } = run;
    if (end.kind === 'done') {
      if (this.isOfUse(run) && this.send(run)) return;
      this.finish(run);
      seed.succeeded(run.landed, now - run.startedAt);
    } else {
      this.finish(run);
      if (end.kind === 'forbidden') this.banSeed(seed, end.problem);
      else if (isMissing(end) && part && part.file >= 0) this.miss(seed, part.file, end);
      else if (seed.failed(end, run.startedAt, now)) this.out(note('web-seed-failed', seed.url, seed.reason));
      this.out({
        do: 'log',
        level: 'info',
        text: `${this.torrent.id}: web seed ${seed.url}: ${end.problem || String(end.status)}`,
      });
    }
    this.fill(now);
  }

  /** It sent what was wrong. False where it is none of ours. */
  ban(url: string, reason: string): boolean {
    const seeds = this.all.filter(seed => seed.url === url);
    for (const seed of seeds) {
      this.out({ do: 'log', level: 'warn', text: `${this.torrent.id}: web seed ${url} is banned: ${reason}` });
      this.banSeed(seed, reason);
    }
    return seeds.length > 0;
  }

  /** The store has no buffer for the piece: what was asked for it is called off, and nobody is to blame. */
  recall(piece: ActivePiece): void {
    for (const run of [...this.runs.values()]) if (run.segments.some(segment => segment.piece === piece)) this.abort(run);
  }

  /** It is asked again at once, whatever became of it. */
  again(url: string, now: number): void {
    for (const seed of this.all) {
      if (seed.url !== url) continue;
      seed.forgive();
      this.leave(seed);
    }
    this.fill(now);
  }

  private fill(now: number): void {
    const { content, phase } = this.torrent;
    if (phase !== 'running' || !content) return;
    for (const seed of this.all) {
      if (seed.state !== 'banned' && seed.has === null) this.join(seed, content);
      while (this.limits.open < this.limits.max && seed.free(now) > 0) if (!this.ask(seed, content, now)) break;
    }
  }

  private join(seed: WebSeed, { layout, picker }: Content): void {
    seed.has = Bitfield.full(layout.pieceCount);
    picker.addPeer(seed.has);
    for (const file of seed.missing) this.without(seed, file);
  }

  private leave(seed: WebSeed): void {
    if (seed.has) this.torrent.content?.picker.removePeer(seed.has);
    seed.has = null;
  }

  /** One more run. False where there is nothing that it could bring. */
  private ask(seed: WebSeed, content: Content, now: number): boolean {
    const segments = this.choose(seed, content, now);
    if (segments.length === 0) return false;
    let missed = -1;
    const parts =
      seed.kind === 'pieces'
        ? pieceParts(segments, seed.url, fromHex(this.torrent.id))
        : this.partsOf(seed, segments, content, file => (missed = file));
    const run = new Run(seed, segments, parts ?? [], now, content.layout);
    seed.running += 1;
    this.limits.open += 1;
    if (parts && this.send(run)) return true;
    this.finish(run);
    if (missed >= 0) this.miss(seed, missed, { problem: 'its name cannot be part of an address', status: 0 });
    return missed >= 0 && seed.state !== 'banned';
  }

  private partsOf(seed: WebSeed, segments: readonly Segment[], { layout }: Content, missed: (file: number) => void) {
    const { meta } = this.torrent;
    if (!meta) return null;
    this.paths ??= webPaths(meta.info, layout);
    return fileParts(segments, layout, seed.url, this.paths, missed);
  }

  private send(run: Run): boolean {
    run.part = run.parts.shift() ?? null;
    if (!run.part) return false;
    const { url, range, places } = run.part;
    run.request = this.ids.request();
    this.runs.set(run.request, run);
    this.out({ do: 'fetch', request: run.request, url, range, places, silence: SILENCE });
    return true;
  }

  /**
   * Blocks behind each other: what is urgent, else what others left of a piece, else pieces that follow on what it brought last, else from where the
   * picker says, and on as far as nobody else is at them (BEP 19). In the end, what others are slow to bring.
   */
  private choose(seed: WebSeed, content: Content, now: number): Segment[] {
    const { assembly, downloader, picker, layout, urgent } = content;
    const { has } = seed;
    if (!has) return [];
    const segments: Segment[] = [];
    let room = seed.blocks(layout.pieceLength, picker.wantedLeft * layout.pieceLength * SHARE);
    let piece = urgent.first(has, now) ?? left(has, content) ?? this.fresh(seed, has, content, now);
    while (piece) {
      const taken = piece.takeFree(room);
      if (!taken) break;
      downloader.active.sort(piece);
      piece.askers += 1;
      segments.push({ piece, first: taken[0], end: taken[1] });
      room -= taken[1] - taken[0];
      const next = piece.index + 1;
      seed.next = next;
      const goesOn = taken[1] === piece.blocks && next < layout.pieceCount && layout.pieceSize(next) <= room * BLOCK;
      piece =
        goesOn &&
        has.get(next) &&
        (urgent.isFree(next) || (picker.isFree(next) && picker.priority(next) === picker.priority(next - 1)))
          ? assembly.begin(next, now, urgent.has(next))
          : null;
    }
    return segments.length > 0 ? segments : this.stalled(seed, has, content, now);
  }

  private fresh(seed: WebSeed, has: Bitfield, { assembly, picker }: Content, now: number): ActivePiece | null {
    for (;;) {
      const best = picker.pick(has);
      if (best < 0) return null;
      const { next } = seed;
      const follows = picker.isFree(next) && has.get(next) && picker.priority(next) === picker.priority(best);
      const piece = assembly.begin(follows ? next : best, now);
      if (!piece || piece.free > 0) return piece;
    }
  }

  private stalled(seed: WebSeed, has: Bitfield, { downloader }: Content, now: number): Segment[] {
    for (const piece of downloader.active.all()) {
      if (piece.stage !== 'open' || now < piece.aloneUntil || now - piece.touchedAt < STALLED || !has.get(piece.index)) continue;
      if (piece.askers >= COPIES || this.isAt(seed, piece)) continue;
      let first = 0;
      while (first < piece.blocks && piece.isLanded(first)) first += 1;
      let end = first;
      while (end < piece.blocks && !piece.isLanded(end)) piece.askAgain(end++);
      piece.askers += 1;
      return [{ piece, first, end }];
    }
    return [];
  }

  private isAt(seed: WebSeed, piece: ActivePiece): boolean {
    for (const run of this.runs.values())
      if (run.seed === seed && run.segments.some(segment => segment.piece === piece)) return true;
    return false;
  }

  /** Whether any of its blocks is still wanted of it. */
  private isOfUse(run: Run): boolean {
    const active = this.torrent.content?.downloader.active;
    return run.segments.some(({ piece }) => piece.stage === 'open' && active?.get(piece.index) === piece);
  }

  private abort(run: Run): void {
    this.runs.delete(run.request);
    this.out({ do: 'cancelFetch', request: run.request });
    this.finish(run);
  }

  /** It brings nothing more: what is not here is free for others. */
  private finish(run: Run): void {
    run.seed.running -= 1;
    this.limits.open -= 1;
    const active = this.torrent.content?.downloader.active;
    for (const { piece, first, end } of run.segments) {
      piece.askers -= 1;
      if (active?.get(piece.index) !== piece || piece.stage !== 'open') continue;
      for (let block = first; block < end; block++) piece.release(block);
      active.sort(piece);
    }
  }

  private miss(seed: WebSeed, file: number, end: Pick<FetchEnd, 'problem' | 'status'>): void {
    seed.missing.add(file);
    this.without(seed, file);
    const reason = end.problem === '' ? `A file is not there (${end.status}).` : end.problem;
    if (seed.has?.count === 0) this.banSeed(seed, reason);
    else seed.reason = reason;
  }

  private without(seed: WebSeed, file: number): void {
    const { content } = this.torrent;
    const span = content?.layout.piecesOf(file);
    if (!content || !span || !seed.has) return;
    for (let piece = span.first; piece <= span.last; piece++) content.picker.removeHave(seed.has, piece);
  }

  private banSeed(seed: WebSeed, reason: string): void {
    seed.ban(reason);
    this.out(note('web-seed-banned', seed.url, reason));
    for (const run of [...this.runs.values()]) if (run.seed === seed) this.abort(run);
    this.leave(seed);
  }
}

/** A piece that was begun and that nobody is at. */
function left(has: Bitfield, { downloader }: Content): ActivePiece | null {
  for (const piece of downloader.active.withFree) if (piece.askers === 0 && has.get(piece.index)) return piece;
  return null;
}

/** That file will not be had from there, whatever is tried. */
function isMissing({ kind, status }: FetchEnd): boolean {
  return kind === 'misfit' || status === 404 || status === 410 || status === 416;
}
