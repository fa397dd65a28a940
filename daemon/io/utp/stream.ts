/** A connection of uTP as what a peer's socket is made of: it is used as a socket of the system is. */
import { EventEmitter } from 'node:events';
import type { Channel, Reading } from '../channel.ts';
import type { Connection, End } from './connection.ts';
import type { Written } from './sender.ts';

const PROBLEMS: Readonly<Record<Exclude<End, 'ended'>, () => Error>> = {
  reset: () => Object.assign(new Error('the other side has closed the connection'), { code: 'ECONNRESET' }),
  silence: () => Object.assign(new Error('the other side does not answer'), { code: 'ETIMEDOUT' }),
};

export class UtpStream extends EventEmitter implements Channel {
  readonly #connection: Connection;
  readonly #now: () => number;
  /** The connection has something to do before this turn of the loop is over. */
  readonly #schedule: () => void;
  #reading: Reading | null = null;
  #isPaused = true;
  #isDestroyed = false;
  #hasEnded = false;

  constructor(connection: Connection, now: () => number, schedule: () => void) {
    super();
    this.#connection = connection;
    this.#now = now;
    this.#schedule = schedule;
  }

  /** Where what comes is put. */
  set reading(reading: Reading) {
    this.#reading = reading;
  }

  get writableLength(): number {
    return this.#connection.unsent;
  }

  get acknowledged(): number {
    return this.#connection.acknowledged;
  }

  write(bytes: Uint8Array, written?: Written): void {
    this.#connection.write(bytes, written);
    this.#schedule();
  }

  /** All that is written in one turn of the loop goes out together. */
  cork(): void {
    return;
  }

  uncork(): void {
    return;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  end(): void {
    this.#connection.end(this.#now());
    this.#schedule();
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#connection.drop(this.#now());
    this.#schedule();
  }

  /** Hands on what there is, as long as it is wanted, and then the end of it: who rests has more to do first with what it has. */
  deliver(): void {
    while (!this.#isPaused && !this.#isDestroyed && this.#connection.hasBytes && this.#reading !== null) {
      const buffer = this.#reading.buffer();
      this.#reading.callback(this.#connection.read(buffer), buffer);
    }
    if (this.#isPaused || this.#isDestroyed || this.#hasEnded || !this.#connection.isAtEnd) return;
    this.#hasEnded = true;
    this.emit('end');
  }

  opened(): void {
    this.emit('connect');
  }

  closed(end: End): void {
    // Nobody has it before it is connected.
    if (end !== 'ended' && this.listenerCount('error') > 0) this.emit('error', PROBLEMS[end]());
    this.emit('close');
  }
}
