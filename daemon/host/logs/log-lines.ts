/** Lines on their way into a log: scrubbed, each of bounded length, and only so many that say the same. */
import { scrub, scrubText } from './scrub.ts';

/** pino's numbers, and its fields. */
export interface LogLine {
  readonly level: number;
  /** ms since 1970. */
  readonly time: number;
  readonly name: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface LogLinesOptions {
  /** Which process the lines are of. */
  readonly name: string;
  readonly isVerbose: boolean;
  readonly write: (line: LogLine) => void;
  readonly now: () => number;
  /** Calls back once after so many ms; gives what calls it off. */
  readonly after: (ms: number, act: () => void) => () => void;
}

const INFO = 30;
const WARN = 40;
const BRACE = 0x7b;
/** What a line may be long, before it is read. */
export const MAX_LINE = 16 << 10;
/** Lines that differ in numbers alone are the same: so many of them are written a minute, and how many more there were. */
export const SAME_LINES = 10;
const SAME_LINES_VERBOSE = 200;
export const MINUTE_MS = 60_000;
/** Kinds that are told apart within a minute; all others are one kind. */
export const KINDS = 256;

interface Kind {
  count: number;
  last: LogLine;
}

export class LogLines {
  readonly #options: LogLinesOptions;
  readonly #most: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Of the line that comes, cut or not, bytes. */
  #length = 0;
  readonly #kinds = new Map<string, Kind>();
  #callOff: (() => void) | null = null;

  constructor(options: LogLinesOptions) {
    this.#options = options;
    this.#most = options.isVerbose ? SAME_LINES_VERBOSE : SAME_LINES;
  }

  /** Bytes as they come; what is longer than a line may be is cut, or, where it has fields, left out. */
  feed(chunk: Uint8Array): void {
    let rest: Buffer = Buffer.from(chunk);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#keep(rest.subarray(0, end));
      this.#take();
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
  }

  /** One line: pino's, or whatever a process says as it dies. */
  line(text: string): void {
    const { name, isVerbose, now } = this.#options;
    const parsed = parse(text);
    const { level, time, msg, ...fields } = parsed ?? { level: WARN, msg: text };
    this.#write({
      level: typeof level === 'number' ? level : INFO,
      time: typeof time === 'number' ? time : now(),
      ...(scrub(fields, isVerbose) as object),
      name,
      msg: scrubText(typeof msg === 'string' ? msg : '', isVerbose),
    });
  }

  /** Writes what is still owed. */
  end(): void {
    this.#take();
    this.#callOff?.();
    this.#tell();
  }

  #keep(bytes: Buffer): void {
    this.#length += bytes.length;
    const room = MAX_LINE - this.#rest.length;
    if (room > 0) this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, room)]);
  }

  /** The line that has come. */
  #take(): void {
    const [line, length] = [this.#rest, this.#length];
    this.#rest = Buffer.alloc(0);
    this.#length = 0;
    if (length === 0) return;
    // Of fields that were cut nobody knows any more which of them are to be hidden.
    const isLost = length > MAX_LINE && line[0] === BRACE;
    this.line(isLost ? JSON.stringify({ level: WARN, bytes: length, msg: 'a line was too long' }) : line.toString('utf8'));
  }

  #write(line: LogLine): void {
    this.#callOff ??= this.#options.after(MINUTE_MS, () => this.#tell());
    const own = kindOf(line);
    const key = this.#kinds.has(own) || this.#kinds.size < KINDS ? own : '';
    const kind = this.#kinds.get(key) ?? { count: 0, last: line };
    this.#kinds.set(key, kind);
    kind.count++;
    kind.last = line;
    if (kind.count <= this.#most) this.#options.write(line);
  }

  /** The minute is over: what was left out is told as a number. */
  #tell(): void {
    this.#callOff = null;
    for (const { count, last } of this.#kinds.values()) {
      if (count > this.#most) this.#options.write({ ...last, repeated: count - this.#most });
    }
    this.#kinds.clear();
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function kindOf({ time: _time, ...rest }: LogLine): string {
  return JSON.stringify(rest).replace(/\d+/g, '0');
}
