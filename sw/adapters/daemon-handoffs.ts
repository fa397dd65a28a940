/** Hand-offs over `/control`: what programs of this computer were given to open comes in, what became of it goes back. */
import { ControlOp, HandedState, HandoffKind, type ControlFrame } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

export interface HandoffTaker {
  /** `start`: at once and unasked, in `root`, or in the default one where that is empty. */
  take(handoff: number, source: HandoffSource, start: boolean, root: string): void;
  /** Wants to know whether what is called so at the top of that root is of a torrent. */
  asked(handoff: number, root: string, name: string): void;
  /** The connection that they came by is gone; who holds what is not answered gives it to the next. */
  drop(): void;
}

export type HandoffSource =
  { readonly kind: 'magnet'; readonly uri: string } | { readonly kind: 'file'; readonly bytes: Uint8Array };

const STATES = {
  shown: HandedState.SHOWN,
  listed: HandedState.LISTED,
  started: HandedState.STARTED,
  unseen: HandedState.UNSEEN,
  refused: HandedState.REFUSED,
  free: HandedState.FREE,
} as const;

export class DaemonHandoffs {
  private readonly door: Door<ControlFrame | Frame, ControlFrame>;

  constructor(door: Door<ControlFrame | Frame, ControlFrame>, taker: HandoffTaker) {
    this.door = door;
    door.on(ControlOp.HANDOFF, ({ handoff, start, root, kind, content }) => {
      switch (kind) {
        case HandoffKind.MAGNET:
          return taker.take(handoff, { kind: 'magnet', uri: new TextDecoder().decode(content) }, start, root);
        case HandoffKind.TORRENT:
          return taker.take(handoff, { kind: 'file', bytes: content }, start, root);
        case HandoffKind.NAME:
          return taker.asked(handoff, root, new TextDecoder().decode(content));
        default:
          kind satisfies never;
      }
    });
    door.onClosed(() => taker.drop());
  }

  answer(handoff: number, state: keyof typeof STATES, text: string): void {
    this.door.send({ op: ControlOp.HANDED, id: 0, handoff, state: STATES[state], text });
  }
}
