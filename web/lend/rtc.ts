/** Lends this window's WebRTC to the worker: makes connections as that says, and carries their bytes. */
import { API_VERSION } from '../../sw/api.ts';
import { LENDER_LOCK, type FromLender, type ToLender } from '../../sw/lending.ts';
import { LentConnection, type LentEvents } from './rtc-connection.ts';

/** Connections at once; the worker asks for fewer. */
const MAX_CONNECTIONS = 128;
/** Ms until a window whose port the worker closed stands in line again. */
const PAUSE = 10_000;

/** Lends as soon as no other window does, until `ended` settles; where the worker leaves it, others have their turn first. */
export function lendTo(worker: ServiceWorker, ended: Promise<void>): void {
  if (typeof RTCPeerConnection === 'undefined') return;
  const waiting = new AbortController();
  void ended.then(() => waiting.abort());
  const lend = async (): Promise<void> => {
    const { port1, port2 } = new MessageChannel();
    const lender = new Lender(port1);
    worker.postMessage({ type: 'lend', version: API_VERSION }, [port2]);
    await Promise.race([ended, lender.left]);
    lender.end();
  };
  const takeTurns = async (): Promise<void> => {
    while (!waiting.signal.aborted) {
      await navigator.locks.request(LENDER_LOCK, { signal: waiting.signal }, lend);
      await Promise.race([ended, new Promise(resolve => setTimeout(resolve, PAUSE))]);
    }
  };
  takeTurns().catch(() => {
    // The worker has ended before it was this window's turn.
  });
}

class Lender {
  private readonly connections = new Map<number, LentConnection>();
  /** Bytes that all connections hold for the worker. */
  private readonly held = { bytes: 0 };
  /** The worker has closed its port. */
  readonly left: Promise<void>;

  constructor(private readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<ToLender>) => this.hear(data);
    this.left = new Promise(resolve => port.addEventListener('close', () => resolve()));
  }

  end(): void {
    for (const connection of this.connections.values()) connection.close('');
    this.connections.clear();
    this.port.close();
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
