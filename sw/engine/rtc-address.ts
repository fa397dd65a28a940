/** What a peer over WebRTC goes by where others go by IP:port: it has no address that anybody could go to. */
import { toHex } from './model/ids.ts';

export interface RtcPeer {
  /** The IP literal that it is reached at; null where the browser keeps that to itself. */
  readonly host: string | null;
  /** 20 characters, a byte each, as its tracker named it. */
  readonly peerId: string;
}

const PREFIX = 'webrtc/';

/** No IP:port, and told apart by what is known: the same host by its IP, else the same peer by its id. */
export function rtcAddress({ host, peerId }: RtcPeer): string {
  return PREFIX + (host ?? `#${toHex(Uint8Array.from(peerId, character => character.charCodeAt(0)))}`);
}

/** The address of a peer as people are shown it. */
export function shownAddress(address: string): string {
  return address.startsWith(PREFIX) ? shownRtcAddress(address) : address;
}

/** The IP literal of such an address as people are shown it; empty where it is not known. */
function shownRtcAddress(address: string): string {
  const host = address.slice(PREFIX.length);
  return host.startsWith('#') ? '' : host;
}
