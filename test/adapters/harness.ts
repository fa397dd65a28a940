/** A link to a far end in memory, and what it told the composition root, in order. */
import { ControlOp, type Welcome } from '../../daemon/wire/control.ts';
import type { KeptBuffer } from '../../daemon/wire/frames.ts';
import { DaemonLink } from '../../sw/adapters/daemon-link.ts';
import { FakeSockets, FakeTimers, type FakeSocket } from '../fakes/sockets.ts';

export const credentials = { token: 'token', installId: 'install', port: 7800 };

export function welcome(epoch: number, io: Partial<Welcome['io']> = {}): Welcome {
  return {
    version: '1.0',
    epoch,
    lease: { state: 'held', holder: '' },
    io: { state: 'RUNNING', port: 5000, ticket: `ticket-${epoch}`, gaveUp: false, ...io },
    roots: [{ token: 'r', name: 'Downloads', free: 1, isDefault: true, trash: true, problem: '' }],
  };
}

export class Harness {
  readonly sockets = new FakeSockets();
  readonly timers = new FakeTimers();
  readonly told: string[] = [];
  kept: readonly KeptBuffer[] = [];
  /** What the host says of our origin, where it shuts the door. */
  letsUsIn: boolean | null = null;
  readonly link = new DaemonLink(
    {
      origin: 'http://127.0.0.1:7800',
      version: '0',
      open: this.sockets.open,
      after: this.timers.after,
      random: () => 0.5,
      log: () => undefined,
      letsUsIn: () => Promise.resolve(this.letsUsIn),
    },
    {
      welcomed: epoch => this.told.push(`welcomed ${epoch}`),
      recalled: () => this.told.push('recalled'),
      leaseGone: () => this.told.push('lease gone'),
      linked: kept => {
        this.kept = kept;
        this.told.push('linked');
      },
      unlinked: () => this.told.push('unlinked'),
      noticed: text => this.told.push(`noticed ${text}`),
      renewed: pairing => this.told.push(`renewed ${pairing.token} ${pairing.port}`),
      changed: () => undefined,
    },
  );

  /** Up to a working `/io`; gives both sockets. */
  connect(epoch = 1): { control: FakeSocket; io: FakeSocket } {
    if (this.sockets.all.length === 0) this.link.pair(credentials);
    const control = this.sockets.last;
    control.admit();
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(epoch) });
    const io = this.sockets.last;
    io.admit();
    return { control, io };
  }
}

/** Lets microtasks run. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
