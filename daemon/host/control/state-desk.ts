/** Where clients of `/control` have records of the session state kept and read, one page at a time, with a bound on what waits. */
import { ControlOp, StateStatus, type StateWrite } from '../../wire/control.ts';
import type { ControlConnection } from './control-connection.ts';
import type { StateStore } from '../store/state.ts';

/** Bytes of state that wait to be flushed; the connection isn't read from while there are more. */
const MAX_UNFLUSHED = 64 << 20;
/** Loads and reads that wait for their turn; no connection is read from while there are more. */
const MAX_READS = 1_000;

export class StateDesk {
  private readonly state: StateStore;
  /** Bytes that each connection waits for. */
  private readonly unflushed = new Map<ControlConnection, number>();
  /** One page or record at a time is read from its files: each may be long. */
  private reads: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(state: StateStore) {
    this.state = state;
  }

  opened(connection: ControlConnection): void {
    this.unflushed.set(connection, 0);
    this.steer();
  }

  closed(connection: ControlConnection): void {
    this.unflushed.delete(connection);
  }

  load(connection: ControlConnection, id: number, after: string): void {
    this.inTurn(async () => {
      if (!this.unflushed.has(connection)) return;
      const { records, last } = await this.state.load(after);
      connection.send({ op: ControlOp.STATE_RECORDS, id, last, records });
    });
  }

  read(connection: ControlConnection, id: number, epoch: number, key: string): void {
    this.inTurn(async () => {
      if (!this.unflushed.has(connection)) return;
      const { status, detail, value } = await this.state.read(epoch, key);
      if (status !== StateStatus.OK) connection.send({ op: ControlOp.STATE_DONE, id, status, detail });
      else connection.send({ op: ControlOp.STATE_RECORDS, id, last: true, records: value === null ? [] : [{ key, value }] });
    });
  }

  async write(connection: ControlConnection, id: number, epoch: number, writes: readonly StateWrite[]): Promise<void> {
    const bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    this.count(connection, bytes);
    const { status, detail } = await this.state.write(epoch, writes);
    this.count(connection, -bytes);
    connection.send({ op: ControlOp.STATE_DONE, id, status, detail });
  }

  private inTurn(read: () => Promise<void>): void {
    this.waiting++;
    this.steer();
    this.reads = this.reads.then(read).finally(() => {
      this.waiting--;
      this.steer();
    });
  }

  private count(connection: ControlConnection, bytes: number): void {
    const before = this.unflushed.get(connection);
    if (before === undefined) return;
    this.unflushed.set(connection, before + bytes);
    this.steer();
  }

  /** Who brings more than can be worked off is not read from until that is. */
  private steer(): void {
    for (const [connection, unflushed] of this.unflushed) {
      if (unflushed > MAX_UNFLUSHED || this.waiting > MAX_READS) connection.pause();
      else connection.resume();
    }
  }
}
