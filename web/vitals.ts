/** How the ways to the network are, in words. */
import type { PortMappings, Vitals } from '../sw/view-model.ts';
import { formatCount, formatDuration, plural } from './format.ts';
import type { Tone } from './problems.ts';
import { describePorts } from './reachability.ts';

export interface VitalWords {
  readonly text: string;
  readonly tone: Tone;
}

type Port = NonNullable<Vitals['port']>;

/** Whether peers from outside get in: what proves it first, then what speaks for it, then what is not known. */
export function describePort(port: Port, ports: PortMappings | null): VitalWords {
  const { came, test } = port;
  if (port.tcp === 0) return { text: 'No port could be opened on this computer, so peers cannot connect to it.', tone: 'warn' };
  const count = came.tcp + came.utp;
  if (came.tcp > 0) {
    return {
      text: `Open: ${plural(count, 'peer', 'peers')} from outside came by themselves, the last ${ago(came.last)}.`,
      tone: 'good',
    };
  }
  if (test.state === 'returned') {
    return {
      text: `Port ${port.outside} leads back to this computer, as the test ${ago(test.ago)} showed. No peer has come that way yet.`,
      tone: 'good',
    };
  }
  const router = ports === null ? null : describePorts(ports);
  const proof = 'Only a peer that comes from outside shows that it is open, and none has come since Starling started.';
  if (ports?.state === 'open' && ports.problem === '') return { text: `${router?.text ?? ''} ${proof}`, tone: 'plain' };
  return {
    text: `It is not known whether peers reach this computer. ${router?.text ?? ''} ${none(port)}`.replace(/ +/g, ' ').trim(),
    tone: router?.tone ?? 'plain',
  };
}

function none({ came }: Port): string {
  return came.utp > 0
    ? 'Over uTP some have come, which a router may let in as an answer.'
    : 'None has come since Starling started.';
}

/** What came of the test; empty where there was none. */
export function describeTest({ test, address }: Port): string {
  switch (test.state) {
    case 'none':
      return '';
    case 'running':
      return 'Going out and in again…';
    case 'returned':
      return `The last test, ${ago(test.ago)}: a connection to ${address} came in again at this computer.`;
    case 'lost':
      return `The last test, ${ago(test.ago)}: a connection to ${address} did not come in again. Many routers never let one through, so this shows nothing by itself.`;
    case 'no-address':
      return `The last test, ${ago(test.ago)}: the address of this computer on the internet is not known yet. Peers and the router tell it; try again in some minutes.`;
  }
}

export function describeDht({ nodes, torrents, searching, peers, asked }: NonNullable<Vitals['dht']>): VitalWords {
  if (nodes === 0) return { text: 'No node is known yet. Starling asks for some, and those of the last time.', tone: 'warn' };
  const busy = searching > 0 ? `, ${formatCount(searching)} just now` : '';
  const found =
    torrents === 0
      ? 'No torrent looks for peers in it.'
      : `${plural(torrents, 'torrent looks', 'torrents look')} for peers in it${busy}; ${plural(peers, 'peer', 'peers')} found last.`;
  const reached =
    asked < 0 ? 'No stranger has asked this computer yet.' : `A node that found this computer by itself asked it ${ago(asked)}.`;
  return { text: `${plural(nodes, 'node', 'nodes')} known. ${found} ${reached}`, tone: nodes < 8 ? 'plain' : 'good' };
}

export function describeConnections({ most, tcp, utp, webrtc, incoming, connecting, webSeeds }: Vitals['connections']): string {
  const open = tcp + utp + webrtc;
  const kinds = [
    tcp > 0 && `${formatCount(tcp)} TCP`,
    utp > 0 && `${formatCount(utp)} uTP`,
    webrtc > 0 && `${formatCount(webrtc)} WebRTC`,
  ].filter(kind => kind !== false);
  const parts = [
    `${formatCount(open)} of at most ${formatCount(most)} open${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}.`,
    incoming > 0 && `${formatCount(incoming)} came from outside or from this network.`,
    connecting > 0 && `${formatCount(connecting)} in the making.`,
    webSeeds > 0 && `${plural(webSeeds, 'web seed is', 'web seeds are')} read from.`,
  ];
  return parts.filter(part => part !== false).join(' ');
}

export function describeTracker({ working, failing, waiting, text }: Vitals['trackers'][number]): VitalWords {
  const parts = [
    working > 0 && `answers for ${plural(working, 'torrent', 'torrents')}`,
    failing > 0 && `fails for ${plural(failing, 'torrent', 'torrents')}${text === '' ? '' : `: ${text}`}`,
    waiting > 0 && `is asked for ${plural(waiting, 'torrent', 'torrents')}`,
  ].filter(part => part !== false);
  return { text: parts.join(', '), tone: failing === 0 ? (working > 0 ? 'good' : 'plain') : working > 0 ? 'plain' : 'warn' };
}

function ago(seconds: number): string {
  return seconds < 5 ? 'just now' : `${formatDuration(seconds)} ago`;
}
