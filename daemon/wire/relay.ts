/**
 * What RELAY frames carry between the browser at work and those that follow it, and between it and the host: messages as JSON, bytes in
 * them as `{"$bytes": base64}`, cut into parts. The host passes on what it does not have to understand.
 */
import { malformed } from './bytes.ts';
import { type ControlFrame, ControlOp, MAX_RELAY_PART } from './control.ts';

/** The longest message to a follower, and the longest from one, in bytes of its JSON: a list of all torrents, and a torrent file. */
export const MAX_RELAYED = 64 << 20;
export const MAX_FROM_FOLLOWER = 16 << 20;
/** Bytes of messages that have not come whole, over all channels of one end. */
const MAX_UNFINISHED = 64 << 20;
const BYTES = '$bytes';
/** Characters that are made at once. */
const CHUNK = 0x8000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export type RelayPart = Extract<ControlFrame, { readonly op: typeof ControlOp.RELAY }>;

/** The frames that carry a message, in their order. `holder`: see {@link ControlFrame}. */
export function relayFrames(channel: number, message: unknown, holder: boolean): RelayPart[] {
  const bytes = encoder.encode(JSON.stringify(message, replacer));
  const frames: RelayPart[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_RELAY_PART) {
    const part = bytes.subarray(at, at + MAX_RELAY_PART);
    frames.push({ op: ControlOp.RELAY, id: 0, holder, channel, last: at + part.length === bytes.length, part });
  }
  return frames;
}

/** What the inboxes of one end hold together. */
export interface Unfinished {
  bytes: number;
}

/** Puts the messages of one channel together again. */
export class RelayInbox {
  private readonly together: Unfinished;
  private readonly longest: number;
  private parts: Uint8Array[] = [];
  private size = 0;

  constructor(together: Unfinished, longest: number) {
    this.together = together;
    this.longest = longest;
  }

  /** The message, with its last part; null before that. @throws {WireError} where it is too long, or none, or too much is under way */
  take(part: Uint8Array, isLast: boolean): { readonly message: unknown } | null {
    if (!isLast && part.length < MAX_RELAY_PART) throw malformed('a short part before the last');
    this.parts.push(part);
    this.size += part.length;
    this.together.bytes += part.length;
    if (this.size > this.longest) throw malformed('a relayed message is too long');
    if (this.together.bytes > MAX_UNFINISHED) throw malformed('too much is relayed at once');
    if (!isLast) return null;
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (const one of this.parts) {
      whole.set(one, at);
      at += one.length;
    }
    this.clear();
    try {
      return { message: JSON.parse(decoder.decode(whole), reviver) as unknown };
    } catch {
      throw malformed('a relayed message is no JSON');
    }
  }

  /** Its channel has ended. */
  clear(): void {
    this.together.bytes -= this.size;
    this.parts = [];
    this.size = 0;
  }
}

function replacer(_key: string, value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  let text = '';
  for (let at = 0; at < value.length; at += CHUNK) text += String.fromCharCode(...value.subarray(at, at + CHUNK));
  return { [BYTES]: btoa(text) };
}

function reviver(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(BYTES in value) || Object.keys(value).length !== 1) return value;
  return typeof value[BYTES] === 'string' ? Uint8Array.from(atob(value[BYTES]), char => char.charCodeAt(0)) : value;
}
