/** Http over `/io`: the daemon asks, free of CORS and behind its guard. */
import { NetStatus, Op, type Frame } from '../../daemon/wire/frames.ts';
import type { Http } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';
import { netProblem } from './daemon-status.ts';

const NOTHING = new Uint8Array(0);

export class DaemonHttp implements Http {
  private readonly door: Door<Frame, Frame>;
  /** What came of bodies so far, by the number of the question. */
  private readonly parts = new Map<number, Uint8Array[]>();

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
    door.on(Op.HTTP_BODY, ({ request, bytes }) => this.parts.get(request)?.push(bytes.slice()));
    door.onClosed(() => this.parts.clear());
  }

  /** After it is called off, `done` is not called any more. */
  get(
    url: string,
    family: 4 | 6 | null,
    maxBytes: number,
    timeoutMs: number,
    done: (problem: string, status: number, body: Uint8Array) => void,
  ): () => void {
    let wanted = true;
    const asked = this.door.ask(
      id => ({ op: Op.HTTP_GET, id, request: { url, family: family ?? 0, headers: {}, maxBytes, timeoutMs } }),
      reply => {
        const before = this.parts.get(asked) ?? [];
        this.parts.delete(asked);
        if (!wanted) return;
        wanted = false;
        if (reply?.op === Op.HTTP_RESULT && reply.net === NetStatus.OK) done('', reply.status, joined([...before, reply.body]));
        else if (reply?.op === Op.HTTP_RESULT) done(netProblem(reply.net, reply.detail), 0, NOTHING);
        else done(reply?.op === Op.ERROR ? reply.text : 'The daemon is away.', 0, NOTHING);
      },
    );
    if (asked !== 0) this.parts.set(asked, []);
    return () => {
      if (!wanted) return;
      wanted = false;
      if (asked !== 0) this.door.send({ op: Op.HTTP_CANCEL, id: asked });
    };
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
