/** Files of the browser that is followed, opened to be read here: it says where, and for how long. */
import { API_VERSION } from './api.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import { parseReadAnswer } from './far-reading.ts';
import { Refusal, refusal } from './engine/index.ts';
import type { DaemonFile } from './streaming.ts';
import type { TorrentId } from './view-model.ts';

export interface FarReadsOptions {
  /** A new channel to the browser at work. */
  readonly open: (events: FarEvents) => FarChannel;
  /** Calls back once after `ms`, unless it is called off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** That of this app. */
  readonly origin: string;
}

/** Files that are read at once: channels are few. */
const MAX_READS = 8;
/** A browser that is suspended does not answer, ms. */
const PATIENCE = 10_000;

export class FarReads {
  private readonly options: FarReadsOptions;
  private reads = 0;

  constructor(options: FarReadsOptions) {
    this.options = options;
  }

  /** Throws a {@link Refusal}. */
  open(id: TorrentId, file: number): Promise<DaemonFile> {
    if (this.reads >= MAX_READS) return Promise.reject(refusal('too-many-reads'));
    this.reads++;
    return new Promise((resolve, reject) => {
      let isOpen = true;
      const end = (): void => {
        if (!isOpen) return;
        isOpen = false;
        this.reads--;
        callOff();
        channel.close();
      };
      const fail = (why: Refusal): void => {
        end();
        reject(why);
      };
      const channel = this.options.open({
        message: message => {
          const answer = parseReadAnswer(message);
          if (answer === null) return fail(refusal('far-read-other'));
          if (answer.type === 'unreadable') return fail(new Refusal(answer.why));
          callOff();
          const { port, file: number, secret, name } = answer;
          resolve({ file: number, path: [name], door: { port, secret }, close: end });
        },
        closed: () => fail(refusal('far-read-away')),
      });
      const callOff = this.options.after(PATIENCE, () => fail(refusal('far-read-away')));
      channel.send({ type: 'read', version: API_VERSION, id, file, origin: this.options.origin });
    });
  }
}
