/** One WebSocket on /control: frames in and out, the deadline for AUTH, and noticing an end that went away unsaid. */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { CONTRACT, type ControlFrame, ControlOp, type HostEvent } from '../../wire/control.ts';
import { decodeControl, encodeControl } from '../../wire/control-codec.ts';
import { WireError } from '../../wire/bytes.ts';
import { ErrorCode, type Frame, type FrameOf, Op, PRE_AUTH_FRAME } from '../../wire/frames.ts';

const AUTH_MS = 5000;
const PING_MS = 15_000;
/** Over PRE_AUTH_FRAME: what WebSocket framing and a hello sent together with AUTH may take. */
const PRE_AUTH_SLACK = 512;
/** One that was told to go has so long to do it. */
const CLOSING_MS = 2000;
/** Bytes waiting for a client that doesn't read; it is dropped when there are more. */
const MAX_UNSENT = 128 << 20;

/** Close codes of ours. */
export const CloseCode = { MALFORMED: 1002, STOPPING: 1001, SUPERSEDED: 4001, AUTH: 4003 } as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

export interface ConnectionHandler {
  /** Whether these credentials are good. */
  authenticate(auth: FrameOf<typeof Op.AUTH>): boolean;
  /** AUTH_RESULT has been sent. */
  admitted(): void;
  frame(frame: ControlFrame): void;
  /** It is closed for this reason. */
  refused(why: string): void;
  closed(): void;
}

export class ControlConnection {
  /** Of the page that opened it, as its browser vouches for it. */
  readonly origin: string;
  private readonly ws: WebSocket;
  private readonly handler: ConnectionHandler;
  private isAuthenticated = false;
  private authTimer: NodeJS.Timeout;
  private pingTimer: NodeJS.Timeout | null = null;
  private isAlive = true;
  private isClosing = false;

  constructor(ws: WebSocket, socket: Duplex, origin: string, makeHandler: (connection: ControlConnection) => ConnectionHandler) {
    this.ws = ws;
    this.origin = origin;
    this.handler = makeHandler(this);
    this.authTimer = setTimeout(() => this.refuse(CloseCode.AUTH, 'no AUTH in time'), AUTH_MS);
    let received = 0;
    const count = (chunk: Buffer): void => {
      received += chunk.length;
      if (this.isAuthenticated) socket.off('data', count);
      else if (received > PRE_AUTH_FRAME + PRE_AUTH_SLACK) ws.terminate();
    };
    socket.on('data', count);
    ws.on('message', (data: RawData, isBinary: boolean) => this.message(data, isBinary));
    ws.on('pong', () => (this.isAlive = true));
    ws.on('error', () => ws.terminate());
    ws.once('close', () => {
      clearTimeout(this.authTimer);
      if (this.pingTimer !== null) clearInterval(this.pingTimer);
      this.handler.closed();
    });
  }

  send(frame: ControlFrame | Frame): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    if (this.ws.bufferedAmount > MAX_UNSENT) this.ws.terminate();
    else this.ws.send(encodeControl(frame));
  }

  tell(event: HostEvent): void {
    this.send({ op: ControlOp.EVENT, id: 0, event });
  }

  /** Bytes that the client has not read. */
  get unread(): number {
    return this.ws.bufferedAmount;
  }

  /** Closes it whether or not the other end does its part; nothing more that it says is heard. */
  close(code: CloseCode, reason: string): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.ws.close(code, reason);
    const timer = setTimeout(() => this.ws.terminate(), CLOSING_MS);
    this.ws.once('close', () => clearTimeout(timer));
  }

  private refuse(code: CloseCode, why: string): void {
    this.handler.refused(why);
    this.close(code, why);
  }

  /** Stops, and goes on, reading what the client sends. */
  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  private message(data: RawData, isBinary: boolean): void {
    if (this.isClosing) return;
    if (!isBinary || !(data instanceof Buffer) || (!this.isAuthenticated && data.length > PRE_AUTH_FRAME)) {
      this.refuse(CloseCode.MALFORMED, 'not a frame');
      return;
    }
    let frame: ControlFrame | Frame;
    try {
      frame = decodeControl(data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.send({ op: Op.ERROR, id: error.requestId, code: error.code, text: error.message });
      if (error.code !== ErrorCode.UNKNOWN_OPCODE || !this.isAuthenticated) this.refuse(CloseCode.MALFORMED, 'malformed frame');
      return;
    }
    if (!this.isAuthenticated) this.first(frame);
    else if (isControlFrame(frame)) this.handler.frame(frame);
    else if (frame.op !== Op.CLIENT_HELLO) {
      this.send({ op: Op.ERROR, id: frame.id, code: ErrorCode.UNKNOWN_OPCODE, text: 'no frame of /control' });
    }
  }

  private first(frame: ControlFrame | Frame): void {
    if (frame.op !== Op.AUTH || !this.handler.authenticate(frame)) {
      this.send({ op: Op.AUTH_RESULT, id: frame.id, ok: false, message: 'not paired', kept: [] });
      this.refuse(CloseCode.AUTH, 'not paired');
      return;
    }
    clearTimeout(this.authTimer);
    this.isAuthenticated = true;
    this.send({ op: Op.AUTH_RESULT, id: frame.id, ok: true, message: '', kept: [] });
    this.send({ op: ControlOp.HOST_HELLO, id: 0, contract: CONTRACT });
    this.pingTimer = setInterval(() => this.ping(), PING_MS);
    this.handler.admitted();
  }

  private ping(): void {
    if (!this.isAlive) {
      this.ws.terminate();
      return;
    }
    this.isAlive = false;
    this.ws.ping();
  }
}

function isControlFrame(frame: ControlFrame | Frame): frame is ControlFrame {
  return frame.op >= 0xe0;
}
