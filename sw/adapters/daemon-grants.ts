/** Leave to read one open file over `/stream`, for pages of another browser, by a secret that is theirs alone. */
import { Op, type Frame } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

export class DaemonGrants {
  private readonly door: Door<Frame, Frame>;
  private last = 0;

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
  }

  /** `done` hears the secret, null where there is none to be had; what it gives takes the grant back. */
  give(file: number, origin: string, done: (secret: string | null) => void): () => void {
    const grant = ++this.last;
    this.door.ask(
      id => ({ op: Op.STREAM_GRANT, id, grant, file, origin }),
      reply => done(reply?.op === Op.STREAM_GRANTED ? reply.secret : null),
    );
    return () => this.door.send({ op: Op.STREAM_REVOKE, id: 0, grant });
  }
}
