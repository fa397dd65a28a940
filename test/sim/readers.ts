import type { Readers } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';

/** Bytes after which a reader tells again where it stands, as the io-daemon has it. */
const STEP = 1 << 20;
/** Time between two looks, ms. */
const LOOK = 50;
/** A player holds so many bytes, and begins when it has so many seconds. */
const MEMORY = 8 << 20;
const PREROLL = 2;

interface Host {
  file(path: string): Uint8Array | undefined;
  readonly session: {
    readonly reading: { open(id: string, file: number): { file: number; size: number; path: readonly string[] } };
  };
}

/** One who plays a file, as a browser does: reads ahead as far as its memory allows, plays at a steady rate. */
export class SimReader {
  /** Bytes of the file: what it has played, what it has read, and what it may read. */
  played: number;
  at: number;
  known: number;
  /** Ms from its beginning until it plays, and ms for which it then had nothing to play. */
  startedAfter = Infinity;
  starved = 0;
  isRefused = false;
  isGone = false;
  private readonly begunAt: number;
  private toldAt = -Infinity;

  constructor(
    private readonly clock: VirtualClock,
    /** Bytes a second. */
    private readonly rate: number,
    private readonly from: number,
    private readonly end: number,
    private readonly tell: (at: number, length: number) => void,
    private readonly check: (from: number, to: number) => void,
  ) {
    this.played = from;
    this.at = from;
    this.known = from;
    this.begunAt = clock.time;
    this.look();
  }

  get isDone(): boolean {
    return this.played >= this.end;
  }

  /** It closes its connection. */
  leave(): void {
    this.isGone = true;
    if (this.known < this.end) this.tell(this.at, 0);
  }

  readable(offset: number, length: number): void {
    if (length === 0) this.isRefused = true;
    else if (offset <= this.known) this.known = Math.min(this.end, Math.max(this.known, offset + length));
  }

  private look(): void {
    if (this.isGone || this.isRefused || this.isDone) return;
    this.read(Math.min(this.known, this.played + MEMORY));
    this.play();
    this.clock.after(LOOK, () => this.look());
  }

  private read(to: number): void {
    if (to > this.at) this.check(this.at, to);
    this.at = Math.max(this.at, to);
    if (this.known >= this.end || this.at < this.toldAt + STEP) return;
    this.toldAt = this.at;
    this.tell(this.at, this.end - this.at);
  }

  private play(): void {
    const isReady = this.at - this.from >= Math.min(this.rate * PREROLL, MEMORY / 2) || this.at >= this.end;
    if (this.startedAfter === Infinity && isReady) this.startedAfter = this.clock.time - this.begunAt;
    if (this.startedAfter === Infinity) return;
    if (this.at <= this.played) this.starved += LOOK;
    this.played = Math.min(this.at, this.played + (this.rate * LOOK) / 1000);
  }
}

/** The Readers port. What is read is compared with what stands in the file, which must have been written. */
export class SimReaders implements Readers {
  private readonly all = new Map<number, SimReader>();
  private wanted: Parameters<Readers['hear']>[0] = () => undefined;
  private last = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly host: Host,
  ) {}

  hear(wanted: Parameters<Readers['hear']>[0]): void {
    this.wanted = wanted;
  }

  readable(stream: number, offset: number, length: number): void {
    this.clock.after(1, () => this.all.get(stream)?.readable(offset, length));
  }

  /** Opens a file and plays it from an offset. Throws where what it may read is not `content`. */
  play(id: string, file: number, rate: number, content: Uint8Array, from = 0, to = content.length): SimReader {
    const open = this.host.session.reading.open(id, file);
    const stream = ++this.last;
    const reader = new SimReader(
      this.clock,
      rate,
      from,
      to,
      (at, length) => this.clock.after(1, () => this.wanted(stream, open.file, at, length)),
      (at, end) => {
        const bytes = this.host.file(open.path.join('/'))?.subarray(at, end);
        if (!bytes || Buffer.compare(bytes, content.subarray(at, end)) !== 0)
          throw new Error(`bytes ${at} to ${end} are not there`);
      },
    );
    this.all.set(stream, reader);
    return reader;
  }
}
