/** Those that were let in to /control, each browser once. */
import type { ControlFrame } from '../../wire/control.ts';
import { CloseCode, type ControlConnection } from './control-connection.ts';
import type { ClientId } from './lease.ts';

export interface Client {
  readonly id: ClientId;
  /** Origin and install id: the browser, as far as that origin knows it. */
  readonly install: string;
  readonly kind: 'app' | 'away';
  readonly connection: ControlConnection;
}

export class Clients {
  private readonly byId = new Map<ClientId, Client>();

  get size(): number {
    return this.byId.size;
  }

  values(): IterableIterator<Client> {
    return this.byId.values();
  }

  get(id: ClientId): Client | undefined {
    return this.byId.get(id);
  }

  of(connection: ControlConnection): Client | undefined {
    return [...this.byId.values()].find(client => client.connection === connection);
  }

  add(client: Client): void {
    this.byId.set(client.id, client);
  }

  /** Whether it was among them. */
  remove({ id }: Client): boolean {
    return this.byId.delete(id);
  }

  /** An older connection of the same browser makes room. Whether there is one. */
  supersede({ install }: Client): boolean {
    const older = [...this.byId.values()].find(client => client.install === install);
    if (older === undefined) return false;
    this.remove(older);
    older.connection.tell({ type: 'superseded' });
    older.connection.close(CloseCode.SUPERSEDED, 'another connection took over');
    return true;
  }

  sendAll(frame: ControlFrame): void {
    for (const { connection } of this.byId.values()) connection.send(frame);
  }
}
