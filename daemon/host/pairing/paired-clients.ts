/** Which paired app each connection of /control is of, and what they hear of each other. */
import { type ControlFrame, ControlOp } from '../../wire/control.ts';
import { ErrorCode, Op } from '../../wire/frames.ts';
import { CloseCode, type ControlConnection } from '../control/control-connection.ts';
import type { Log } from '../logs/log.ts';
import type { PairedApp, Shown, Tokens } from './tokens.ts';

export interface PairedClientsOptions {
  readonly tokens: Tokens;
  /** The connection is of an app that is paired no more; nothing that it says is heard from now on. */
  readonly expelled: (connection: ControlConnection) => void;
  readonly log: Log;
}

export class PairedClients {
  private readonly options: PairedClientsOptions;
  private readonly apps = new Map<ControlConnection, PairedApp>();
  /** Those that hear of the others. */
  private readonly welcomed = new Set<ControlConnection>();

  constructor(options: PairedClientsOptions) {
    this.options = options;
    options.tokens.onForgotten = id => this.expel(id);
  }

  /** Whether its token is good. */
  enter(connection: ControlConnection, what: Shown): boolean {
    const app = this.options.tokens.enter(what);
    if (app !== null) this.apps.set(connection, app);
    return app !== null;
  }

  /** Tells it who is paired, and its new token where the one that it came with is old. */
  async welcome(connection: ControlConnection): Promise<void> {
    const app = this.apps.get(connection);
    if (app === undefined) return;
    this.welcomed.add(connection);
    this.tell();
    const token = await this.options.tokens.renew(app.id);
    if (token !== null) connection.send({ op: ControlOp.TOKEN, id: 0, token });
  }

  left(connection: ControlConnection): void {
    this.apps.delete(connection);
    this.welcomed.delete(connection);
  }

  /**
   * An app is paired no more, and goes at once; false where there is none. Rejects where that could not be written: see
   * `revoke` of tokens.ts.
   */
  async unpair(id: string): Promise<boolean> {
    const revoked = this.options.tokens.revoke(id);
    this.expel(id);
    const isRevoked = await revoked;
    if (isRevoked) this.options.log('info', 'an app is paired no more');
    this.tell();
    return isRevoked;
  }

  async hear(connection: ControlConnection, { id, app }: Extract<ControlFrame, { op: typeof ControlOp.UNPAIR }>): Promise<void> {
    try {
      await this.unpair(app);
      this.answer(connection, id);
    } catch {
      const text = 'it is let in no more, but the list of paired apps cannot be written yet';
      connection.send({ op: Op.ERROR, id, code: ErrorCode.BAD_STATE, text });
    }
  }

  /** What to call it; empty where it is none of those that are paired. */
  nameOf(connection: ControlConnection | undefined): string {
    return (connection && this.apps.get(connection))?.name ?? '';
  }

  /** Everyone hears who is paired. */
  tell(): void {
    for (const connection of this.welcomed) this.answer(connection, 0);
  }

  private expel(id: string): void {
    for (const [connection, app] of [...this.apps]) {
      if (app.id !== id) continue;
      connection.tell({ type: 'unpaired' });
      connection.close(CloseCode.AUTH, 'not paired any more');
      this.options.expelled(connection);
    }
  }

  private answer(connection: ControlConnection, id: number): void {
    const own = this.apps.get(connection)?.id;
    const apps = this.options.tokens.list.map(app => ({ ...app, isThis: app.id === own }));
    connection.send({ op: ControlOp.PAIRED_APPS, id, apps });
  }
}
