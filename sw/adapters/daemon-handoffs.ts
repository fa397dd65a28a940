/** Hand-offs over `/control`: what programs of this computer were given to open comes in, what became of it goes back. */
import { ControlOp, HandedState, HandoffKind, type ControlFrame } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

export interface HandoffTaker {
  /** `start`: at once and unasked, in `root`, or in the default one where that is empty. */
  take(handoff: number, source: HandoffSource, start: boolean, root: string): void;
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
} as const;

export class DaemonHandoffs {
  private readonly door: Door<ControlFrame | Frame, ControlFrame>;

  constructor(door: Door<ControlFrame | Frame, ControlFrame>, taker: HandoffTaker) {
    this.door = door;
    door.on(ControlOp.HANDOFF, ({ handoff, start, root, kind, content }) => {
      const source: HandoffSource =
        kind === HandoffKind.MAGNET
          ? { kind: 'magnet', uri: new TextDecoder().decode(content) }
          : { kind: 'file', bytes: content };
      taker.take(handoff, source, start, root);
    });
    door.onClosed(() => taker.drop());
  }

  answer(handoff: number, state: keyof typeof STATES, text: string): void {
    this.door.send({ op: ControlOp.HANDED, id: 0, handoff, state: STATES[state], text });
  }
}
