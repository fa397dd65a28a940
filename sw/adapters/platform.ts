/** What a browser gives everyone: time, chance, a console and WebSockets. */
import type { Clock, Log, Random } from '../engine/ports.ts';
import type { After, OpenSocket } from './daemon-channel.ts';

/** Calls back once after `ms`; the answer calls it off. */
export const after: After = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

export class PlatformClock implements Clock {
  private callOff = (): void => undefined;
  private isStopped = false;

  now(): number {
    return performance.now();
  }

  wall(): number {
    return Date.now();
  }

  offset(wall: number): number {
    return -new Date(wall).getTimezoneOffset();
  }

  /** Calls off what is due; nothing more is called back, even if asked for. */
  stop(): void {
    this.callOff();
    this.isStopped = true;
  }

  wake(at: number, callback: () => void): void {
    this.callOff();
    if (this.isStopped) return;
    // A timer may fire a little early: then it sleeps on.
    this.callOff = after(Math.max(0, Math.ceil(at - this.now())), () => {
      if (this.now() < at) this.wake(at, callback);
      else callback();
    });
  }
}

/** The most that one call of getRandomValues gives. */
const RANDOM_BYTES = 65_536;

export const platformRandom: Random = {
  bytes(count) {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += RANDOM_BYTES) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
    return bytes;
  },
};

/** Writes to the console what is at least as grave as `least`. */
export function consoleLog(least: 'debug' | 'info' | 'warn' | 'error'): Log {
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  const floor = levels.indexOf(least);
  return (level, text) => {
    if (levels.indexOf(level) >= floor) console[level](text);
  };
}

export const openBrowserSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else socket.close();
  };
  socket.onclose = () => events.closed();
  return {
    send: bytes => socket.send(bytes),
    close: () => socket.close(),
    buffered: () => socket.bufferedAmount,
  };
};
