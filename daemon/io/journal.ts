/**
 * What one client asked for and how it went, as far as that helps to see why downloads do not move. Problems with files
 * are logged one by one, with how deep they lie and not where; what becomes of sockets and requests is counted.
 */
import {
  CloseReason,
  ErrorCode,
  FileStatus,
  type Frame,
  type FrameOf,
  LandStatus,
  NetStatus,
  Op,
  SentStatus,
} from '../wire/frames.ts';
import { REMEMBERED } from './limits.ts';
import type { Log } from './log.ts';
import { type Tally, wordOf } from './tally.ts';

interface Asked {
  readonly what: string;
  readonly components: readonly string[];
}

export class Journal {
  readonly #log: Log;
  readonly #tally: Tally;
  readonly #asked = new Map<number, Asked>();

  constructor(log: Log, tally: Tally) {
    this.#log = log;
    this.#tally = tally;
  }

  asked(frame: Frame): void {
    switch (frame.op) {
      case Op.FILE_OPEN:
        return this.#remember(frame.id, frame.create ? 'create' : 'open', frame.components);
      case Op.FILE_DELETE:
        return this.#remember(frame.id, 'delete', frame.components);
      case Op.FILE_MOVE:
        return this.#remember(frame.id, 'move', frame.from.components);
      case Op.FILE_SYNC:
        return this.#remember(frame.id, 'flush', []);
      case Op.FILE_COPY:
        return this.#remember(frame.id, 'copy', []);
      default:
    }
  }

  told(frame: Frame): void {
    switch (frame.op) {
      case Op.TCP_CONNECTED:
        return this.#tally.count('connect', wordOf(NetStatus, frame.status));
      case Op.TCP_CLOSE:
        return this.#tally.count('close', wordOf(CloseReason, frame.reason));
      case Op.HTTP_RESULT:
      case Op.HTTP_ENDED:
        return this.#tally.count('http', wordOf(NetStatus, frame.net));
      case Op.SENT:
        this.#tally.count('send', wordOf(SentStatus, frame.status), frame.sends.length);
        if (frame.status === SentStatus.ERROR) this.#fileProblem('read', frame.file);
        return;
      case Op.LAND_RESULT:
        this.#tally.count('commit', wordOf(LandStatus, frame.status));
        if (frame.status === LandStatus.ERROR) this.#fileProblem('write', frame.file);
        return;
      case Op.FILE_OPENED:
      case Op.FILE_DONE:
        return this.#fileAnswer(frame);
      case Op.TCP_LISTEN_RESULT:
      case Op.UDP_BOUND: {
        const { status, port } = frame;
        const kind = frame.op === Op.UDP_BOUND ? 'UDP' : 'TCP';
        if (status === NetStatus.OK) this.#log.info({ kind, port }, 'a port was opened');
        else this.#log.warn({ kind, why: wordOf(NetStatus, status) }, 'a port could not be opened');
        return;
      }
      case Op.ERROR:
        this.#asked.delete(frame.id);
        return this.#log.warn({ why: wordOf(ErrorCode, frame.code) }, 'a frame was refused');
      default:
    }
  }

  #remember(id: number, what: string, components: readonly string[]): void {
    if (this.#asked.size < REMEMBERED) this.#asked.set(id, { what, components });
  }

  #fileAnswer({ id, status }: FrameOf<typeof Op.FILE_OPENED | typeof Op.FILE_DONE>): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (status !== FileStatus.OK) this.#fileProblem(asked?.what ?? 'use', status, asked?.components);
  }

  #fileProblem(what: string, status: FileStatus, components: readonly string[] = []): void {
    const fields = { what, why: wordOf(FileStatus, status), ...(components.length > 0 && { depth: components.length }) };
    this.#log.warn(this.#log.level === 'debug' ? { ...fields, path: components.join('/') } : fields, 'a file cannot be used');
  }
}
