/**
 * What the worker and the window that lends it its WebRTC say to each other. It imports nothing; both sides compile
 * against it. Only a window has RTCPeerConnection: it makes connections as it is told, and carries their bytes.
 *
 * A window that holds the lock {@link LENDER_LOCK} posts `{type: 'lend', version}` with a MessagePort to the active worker.
 * The worker numbers the connections. Both ways no more bytes are under way than {@link LENT_WINDOW} for a connection:
 * posted, and not told as `taken` yet. The worker tells that of several messages together: a message each would cost as much as theirs.
 */

/** One window lends at a time: who has it. The next one in line takes over when it goes. */
export const LENDER_LOCK = 'starling-rtc';
export const LENT_WINDOW = 1 << 20;
/** Once it has taken so many bytes, or so many messages, it tells so. Above as many untaken the window puts short messages together. */
export const TOLD_BYTES = 256 << 10;
export const TOLD_MESSAGES = 8;
/** Bytes of one message, and characters of a session description. */
export const MAX_LENT_BYTES = 256 << 10;
export const MAX_DESCRIPTION = 16 << 10;

export type ToLender =
  /** Makes a connection and describes it; `servers` are STUN addresses, `stun:host:port`. */
  | { readonly type: 'offer'; readonly link: number; readonly servers: readonly string[] }
  | { readonly type: 'answer'; readonly link: number; readonly servers: readonly string[]; readonly sdp: string }
  /** The other side's answer to an offer. */
  | { readonly type: 'answered'; readonly link: number; readonly sdp: string }
  | { readonly type: 'data'; readonly link: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'taken'; readonly link: number; readonly bytes: number; readonly messages: number }
  | { readonly type: 'close'; readonly link: number };

export type FromLender =
  | { readonly type: 'described'; readonly link: number; readonly sdp: string }
  /** Its channel is open; `address` is the other side's IP literal, as far as the browser tells it, else empty. */
  | { readonly type: 'opened'; readonly link: number; readonly address: string }
  | { readonly type: 'data'; readonly link: number; readonly bytes: Uint8Array }
  | { readonly type: 'taken'; readonly link: number; readonly bytes: number }
  /** It is over, or never came about. Nothing follows it. */
  | { readonly type: 'closed'; readonly link: number; readonly reason: string };
