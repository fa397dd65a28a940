/** Makes WebRTC connections as the worker says, and carries their bytes. */
import type { FromLender, ToLender } from '../../sw/lending.ts';
import { LentConnection, type LentEvents } from './rtc-connection.ts';

/** Connections at once; the worker asks for fewer. */
const MAX_CONNECTIONS = 128;

export class Lender {
  private readonly connections = new Map<number, LentConnection>();
  /** Bytes that all connections hold for the worker. */
  private readonly held = { bytes: 0 };

  /** `heard`: what the port has said so far. */
  constructor(
    private readonly port: MessagePort,
    heard: readonly ToLender[],
  ) {
    for (const message of heard) this.hear(message);
    port.onmessage = ({ data }: MessageEvent<ToLender>) => this.hear(data);
  }

  end(): void {
    for (const connection of this.connections.values()) connection.close('');
    this.connections.clear();
  }

  private hear(message: ToLender): void {
    const { link } = message;
    switch (message.type) {
      case 'offer':
        return this.begin(link, message.servers)?.offer();
      case 'answer':
        return this.begin(link, message.servers)?.answer(message.sdp);
      case 'answered':
        return this.connections.get(link)?.answered(message.sdp);
      case 'data':
        return this.connections.get(link)?.send(message.bytes);
      case 'taken':
        return this.connections.get(link)?.taken(message.bytes, message.messages);
      case 'close':
        this.connections.get(link)?.close('');
        this.connections.delete(link);
        return;
      default:
        message satisfies never;
    }
  }

  private begin(link: number, servers: readonly string[]): LentConnection | null {
    if (this.connections.size >= MAX_CONNECTIONS) {
      this.post({ type: 'closed', link, reason: 'Too many connections.' });
      return null;
    }
    const connection = this.connect(link, servers);
    if (connection !== null) this.connections.set(link, connection);
    return connection;
  }

  /** None where the browser makes none, as some do with a STUN server that they take for none. */
  private connect(link: number, servers: readonly string[]): LentConnection | null {
    const events: LentEvents = {
      described: sdp => this.post({ type: 'described', link, sdp }),
      opened: address => this.post({ type: 'opened', link, address }),
      data: bytes => this.post({ type: 'data', link, bytes }, [bytes.buffer]),
      taken: bytes => this.post({ type: 'taken', link, bytes }),
      closed: reason => {
        if (this.connections.delete(link)) this.post({ type: 'closed', link, reason });
      },
    };
    try {
      return new LentConnection(servers, this.held, events);
    } catch {
      this.post({ type: 'closed', link, reason: 'The browser made no connection.' });
      return null;
    }
  }

  private post(message: FromLender, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}
