/**
 * Frames for an io-daemon under fuzzing: of every kind, their numbers drawn from few, so that they meet each other's sockets,
 * buffers and files, and their addresses and paths such that nothing beyond the test is reached.
 */
import fc from 'fast-check';
import { decodeFrame, encode, splitMessage } from '../../daemon/wire/codec.ts';
import { WireError } from '../../daemon/wire/bytes.ts';
import { type Frame, MAX_FRAME, Op } from '../../daemon/wire/frames.ts';
import { ROOT } from '../daemon/io-process.ts';
import { anyFrame } from '../wire/arbitrary.ts';
import type { Random, World } from './daemon-world.ts';

/** Of files, good and bad ones; the first four are the usual ones. */
export const NAMES = [
  'a',
  'b',
  'c',
  'dir',
  'dir2',
  'link',
  'leaf',
  'hard',
  '..',
  '.',
  '',
  'a/b',
  'a\\b',
  'a\0b',
  'CON',
  'x'.repeat(255),
];
/** What stands for lengths and offsets. */
export const NUMBERS = [0, 1, 13, 16_383, 16_384, 16_385, 32_768, 65_536, 98_304, 262_144];
/** Of those that are looked up nowhere and lead nowhere but here. */
const HOSTS = ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '0.0.0.0', '169.254.169.254', '127.1', '', 'localhost', '224.0.0.1'];
/** How many numbers of each kind are in use. */
const FEW: Readonly<Record<string, number>> = {
  sock: 8,
  buffer: 7,
  file: 7,
  to: 7,
  udp: 4,
  listener: 4,
  group: 6,
  parent: 6,
  send: 4,
  stream: 5,
};
const MAX_SIZE = 1 << 20;

export class Frames {
  readonly #random: Random;
  readonly #world: World;
  #drawn: readonly Frame[] = [];
  /** Sockets of the daemon, as it tells them. */
  readonly accepted: number[] = [];

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
  }

  /** The next one, encoded. */
  next(): Uint8Array {
    if (this.#drawn.length === 0) this.#drawn = fc.sample(anyFrame, { numRuns: 4_096, seed: this.#below(2 ** 31) });
    const frame = this.#pick(this.#drawn);
    try {
      return encode(this.#focused(frame, 'frame') as Frame);
    } catch {
      // A number that its field has no room for.
      return encode(frame);
    }
  }

  /** Whether whoever takes these bytes for what they say asks for nothing outside of the test. */
  isAtHome(message: Uint8Array): boolean {
    try {
      return splitMessage(message, MAX_FRAME).every(bytes => {
        try {
          return this.#staysHome(decodeFrame(bytes));
        } catch (error) {
          if (error instanceof WireError) return true;
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof WireError) return true;
      throw error;
    }
  }

  #staysHome(frame: Frame): boolean {
    switch (frame.op) {
      case Op.TCP_CONNECT:
      case Op.UDP_SEND:
      case Op.RESOLVE:
        return this.#isOurs(frame.host, frame.port);
      case Op.TCP_LISTEN:
        return HOSTS.includes(frame.host) && frame.port === 0;
      case Op.UDP_BIND:
        return frame.port === 0;
      case Op.HTTP_GET:
        return this.#isOurUrl(frame.request.url);
      case Op.HTTP_LAND:
        return this.#isOurUrl(frame.url);
      case Op.FILE_OPEN:
      case Op.FILE_DELETE:
      case Op.FILE_MOVE:
        // Between the two a disk might be filled for good.
        return frame.size <= MAX_SIZE || frame.size > 2 ** 50;
      default:
        return true;
    }
  }

  #isOurs(host: string, port: number): boolean {
    const { tcpPort, udpPort, httpPort } = this.#world;
    return HOSTS.includes(host) && [0, tcpPort, udpPort, httpPort].includes(port);
  }

  #isOurUrl(text: string): boolean {
    if (!URL.canParse(text)) return true;
    const { protocol, hostname, port } = new URL(text);
    return !/^https?:$/.test(protocol) || (hostname === '127.0.0.1' && Number(port) === this.#world.httpPort);
  }

  #focused(value: unknown, key: string): unknown {
    if (value instanceof Uint8Array) return this.#bytes(value, key);
    if (Array.isArray(value)) return value.map(item => this.#focused(item, key === 'files' ? 'file' : key));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#focused(inner, name)]));
    }
    if (typeof value === 'string') return this.#text(value, key);
    if (typeof value !== 'number' || key === 'op' || key === 'id') return value;
    return this.#number(value, key);
  }

  #number(value: number, key: string): number {
    const few = FEW[key];
    if (few !== undefined && this.#below(50) > 0) {
      if (key === 'sock' && this.accepted.length > 0 && this.#below(4) === 0) return this.#pick(this.accepted);
      return this.#below(few);
    }
    if (key === 'port') return this.#pick([0, this.#world.tcpPort, this.#world.tcpPort, this.#world.udpPort]);
    // Codes, and numbers of one byte, are what they are.
    if (value < 256 || this.#below(20) === 0) return key === 'height' ? this.#below(5) : value;
    return this.#pick(key === 'offset' ? NUMBERS.slice(0, 7) : NUMBERS);
  }

  #text(value: string, key: string): string {
    switch (key) {
      case 'host':
        return this.#pick(HOSTS);
      case 'root':
        return this.#below(20) === 0 ? value : ROOT;
      case 'components':
        return this.#below(10) === 0 ? value : this.#pick(NAMES.slice(0, this.#below(3) === 0 ? NAMES.length : 4));
      case 'group':
        return this.#pick(['239.192.152.143', 'ff15::efc0:988f', '224.0.0.1', value]);
      case 'url':
        return this.#below(20) === 0 ? value : `http://127.0.0.1:${this.#world.httpPort}/${this.#below(9)}`;
      default:
        return value;
    }
  }

  #bytes(value: Uint8Array, key: string): Uint8Array {
    if (key === 'prefix' && this.#below(10) > 0)
      return Uint8Array.of(7, 0, 0, 0, 1 + this.#below(6)).subarray(0, this.#pick([1, 5, 5, 5]));
    if (key === 'expected') return new Uint8Array(this.#pick([20, 32, value.length]));
    if (key === 'bytes' && this.#below(4) === 0) return new Uint8Array(this.#pick(NUMBERS));
    return value;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
