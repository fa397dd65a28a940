import { isWsTracker } from './codec/ws-tracker.ts';

/**
 * What of the network an engine can get to. One without datagrams has no sockets of a computer: peers over WebRTC, trackers over
 * WebSocket and what the web serves are all that there is for it.
 */
export interface Reach {
  /** Peers by their address, both ways, and what finds them: the DHT, the same network, the ports of a router. */
  readonly addresses: boolean;
  /** Whether that tracker, of a kind that we speak, can be asked. */
  tracker(url: string): boolean;
}

/** `addresses`: whether there are datagrams. */
export function reachOf(addresses: boolean): Reach {
  return { addresses, tracker: url => addresses || isWsTracker(url) };
}
