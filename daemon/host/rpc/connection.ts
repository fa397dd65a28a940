/**
 * JSON-RPC over a pair of streams, one message a line. It reads on as long as what was read can be worked off and its answers are
 * taken; once nothing more comes, what was asked is finished and answered.
 */
import type { Readable, Writable } from 'node:stream';
import { type Asked, type Call, MAX_BATCH, notification, notJson, read, refused, RpcCode, RpcError } from './json-rpc.ts';
import { type Line, LineCutter, MAX_LINE } from './line-cutter.ts';

/** Requests that are being worked off; a line waits until there is room for all of its own. */
export const MAX_UNDER_WAY = MAX_BATCH;
/** Bytes that wait to be taken; no line is worked off while there are more. */
export const MAX_UNTAKEN = 1 << 20;
/** Bytes that wait to be taken, told unasked included, beyond which whoever should take them counts as gone. */
export const MAX_UNREAD = 64 << 20;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export class RpcConnection {
  private readonly input: Readable;
  private readonly output: Writable;
  private readonly call: Call;
  private underWay = 0;
  /** Nothing more is read. */
  private isStopping = false;
  /** Nobody takes what is written. */
  private isGone = false;
  private changed: () => void = () => undefined;

  constructor(input: Readable, output: Writable, call: Call) {
    this.input = input;
    this.output = output;
    this.call = call;
    output.on('error', () => this.gone());
    output.on('close', () => this.gone());
  }

  /** Works off all that comes; resolves once nothing more does, or it was stopped, and every answer is written. */
  async serve(): Promise<void> {
    const cutter = new LineCutter();
    try {
      for await (const chunk of this.input) await this.takeUp(cutter.push(chunk as Uint8Array));
      await this.takeUp(cutter.end());
    } catch {
      // An input that fails, or is closed by `stop`, has come to its end.
    }
    await this.until(() => this.isGone || this.underWay === 0);
  }

  /** Reads nothing more; what was begun is finished. */
  stop(): void {
    this.isStopping = true;
    this.input.destroy();
    this.changed();
  }

  /** Tells something unasked. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    this.write(notification(method, params));
  }

  private async takeUp(lines: Iterable<Line>): Promise<void> {
    for (const line of lines) {
      const asked = askedBy(line);
      if (asked === null) continue;
      const fits = (): boolean => this.underWay + asked.count <= MAX_UNDER_WAY && this.output.writableLength <= MAX_UNTAKEN;
      await this.until(() => this.isStopping || fits());
      if (this.isStopping) return;
      void this.workOff(asked);
    }
  }

  private async workOff(asked: Asked): Promise<void> {
    this.underWay += asked.count;
    const text = await asked.answer(this.call);
    if (text !== null) this.write(text);
    this.underWay -= asked.count;
    this.changed();
  }

  private write(line: string): void {
    if (this.isGone) return;
    this.output.write(`${line}\n`, () => this.changed());
    if (this.output.writableLength > MAX_UNREAD) this.gone();
  }

  private gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.stop();
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => (this.changed = resolve));
  }
}

function askedBy(line: Line): Asked | null {
  if (line === null) return refused(tooLong());
  let text: string;
  try {
    text = UTF8.decode(line);
  } catch {
    return refused(notJson());
  }
  return read(text);
}

function tooLong(): RpcError {
  return new RpcError(RpcCode.PARSE_ERROR, `The line is longer than ${MAX_LINE} bytes`, {
    hint: 'Give a torrent file by its path, or split a batch.',
    max_line: MAX_LINE,
  });
}
