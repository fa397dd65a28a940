/** Web over `/io`: what web seeds send lands in the daemon's buffers; only words about it come here. */
import { NetStatus, NO_RETRY_AFTER, Op, type Frame, type FrameOf, type Place } from '../../daemon/wire/frames.ts';
import type { FetchEnd } from '../engine/events.ts';
import type { Web } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';
import { netProblem } from './daemon-status.ts';

export class DaemonWeb implements Web {
  private readonly door: Door<Frame, Frame>;
  private readonly listeners = new Map<number, (place: Place, earlier: boolean) => void>();

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
    door.on(Op.HTTP_LANDED, ({ request, earlier, ranges }) => {
      const landed = this.listeners.get(request);
      if (landed) for (const range of ranges) landed(range, earlier);
    });
    door.onClosed(() => this.listeners.clear());
  }

  land(...[{ url, range, places, silence, group }, landed, ended]: Parameters<Web['land']>): () => void {
    let wanted = true;
    const { from, total } = range ?? { from: 0, total: 0 };
    const asked = this.door.ask(
      id => ({ op: Op.HTTP_LAND, id, url, range: range !== null, from, total, silenceMs: silence, group, places }),
      reply => {
        this.listeners.delete(asked);
        if (wanted) ended(endOf(reply));
        wanted = false;
      },
    );
    if (asked !== 0) this.listeners.set(asked, landed);
    return () => {
      if (!wanted) return;
      wanted = false;
      this.listeners.delete(asked);
      if (asked !== 0) this.door.send({ op: Op.HTTP_CANCEL, id: asked });
    };
  }
}

function endOf(reply: Frame | null): FetchEnd {
  if (reply?.op === Op.HTTP_ENDED) return answered(reply);
  const problem = reply?.op === Op.ERROR ? reply.text : 'The daemon is away.';
  return { kind: 'failed', problem, status: 0, retryAfter: -1 };
}

function answered({ net, status, retryAfter: wait, detail }: FrameOf<typeof Op.HTTP_ENDED>): FetchEnd {
  const retryAfter = wait === NO_RETRY_AFTER ? -1 : wait;
  const isDone = status === 200 || status === 206;
  if (net === NetStatus.OK) return { kind: isDone ? 'done' : 'refused', problem: '', status, retryAfter };
  const kind = net === NetStatus.MISFIT ? 'misfit' : net === NetStatus.REFUSED_BY_GUARD ? 'forbidden' : 'failed';
  return { kind, problem: netProblem(net, detail), status, retryAfter };
}
