/** What lets the holder of the lease into the io-daemon: a ticket of its own, good once the io-daemon has said so. */
import type { Welcome } from '../../wire/control.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { randomSecret, sha256 } from '../pairing/tokens.ts';

export class IoTicket {
  private readonly supervisor: Supervisor;
  private readonly epoch: number;
  private readonly origin: string;
  private pending = '';
  /** Empty until the io-daemon has confirmed it. */
  private ticket = '';

  /** `origin`: of the page that shows it. */
  constructor(supervisor: Supervisor, epoch: number, origin: string) {
    this.supervisor = supervisor;
    this.epoch = epoch;
    this.origin = origin;
    this.renew();
  }

  /** The io-daemon is needed; where it is another, or at another port, it is told of a new ticket. */
  renew(): void {
    this.ticket = '';
    // It may have found itself idle just as the client came, or before the client reached it.
    this.supervisor.need();
    if (this.supervisor.state !== 'RUNNING') return;
    this.pending = randomSecret();
    const ticketHash = sha256(this.pending).toString('hex');
    this.supervisor.send({ type: 'admit', epoch: this.epoch, ticketHash, origin: this.origin });
  }

  /** The io-daemon takes the ticket of this epoch from now on. Whether it is this one. */
  admitted(epoch: number): boolean {
    if (this.epoch !== epoch || this.pending === '') return false;
    this.ticket = this.pending;
    this.pending = '';
    return true;
  }

  get view(): Welcome['io'] {
    const { state, port } = this.supervisor;
    if (state !== 'RUNNING' || this.ticket === '') return ioWithout(this.supervisor);
    return { state, port, ticket: this.ticket, gaveUp: false };
  }
}

/** As who has no ticket sees it: it is still starting as long as it would not take one. */
export function ioWithout({ state, gaveUp }: Supervisor): Welcome['io'] {
  return { state: state === 'RUNNING' ? 'STARTING' : state, port: 0, ticket: '', gaveUp };
}
