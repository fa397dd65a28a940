/** How the ways to the network are, in words. */
import type { PortMappings, Vitals } from '../sw/view-model.ts';
import { formatAgo, formatCount, formatList, isolated, joinSentences, shownText } from './format.ts';
import type { Tone } from './problems.ts';
import { describePorts } from './reachability.ts';
import { translated } from './told.ts';
import { words } from './words/words.ts';

export interface VitalWords {
  readonly text: string;
  readonly tone: Tone;
}

type Port = NonNullable<Vitals['port']>;

/** Whether peers from outside get in: what proves it first, then what speaks for it, then what is not known. */
export function describePort(port: Port, ports: PortMappings | null): VitalWords {
  const texts = words.network;
  const { came, test } = port;
  if (port.tcp === 0) return { text: texts.noPort(), tone: 'warn' };
  if (came.tcp > 0) return { text: texts.came({ count: came.tcp + came.utp, ago: formatAgo(came.last) }), tone: 'good' };
  if (test.state === 'returned') {
    return { text: texts.returned({ port: String(port.outside), ago: formatAgo(test.ago) }), tone: 'good' };
  }
  const router = ports === null ? null : describePorts(ports);
  if (ports?.state === 'open' && ports.problem === '') {
    return { text: joinSentences(router?.text ?? '', texts.proof()), tone: 'plain' };
  }
  const none = came.utp > 0 ? texts.someOverUtp() : texts.none();
  return { text: joinSentences(texts.unknown(), router?.text ?? '', none), tone: router?.tone ?? 'plain' };
}

/** What came of the test; empty where there was none. */
export function describeTest({ test, address }: Port): string {
  switch (test.state) {
    case 'none':
      return '';
    case 'running':
      return words.network.testing();
    case 'returned':
      return words.network.testReturned({ ago: formatAgo(test.ago), address: isolated(address) });
    case 'lost':
      return words.network.testLost({ ago: formatAgo(test.ago), address: isolated(address) });
    case 'no-address':
      return words.network.testNoAddress({ ago: formatAgo(test.ago) });
  }
}

export function describeDht({ nodes, torrents, searching, peers, asked }: NonNullable<Vitals['dht']>): VitalWords {
  const texts = words.network;
  if (nodes === 0) return { text: texts.noNode(), tone: 'warn' };
  const found =
    torrents === 0
      ? texts.noSearch()
      : searching > 0
        ? texts.searchesNow({ torrents, peers, now: formatCount(searching) })
        : texts.searches({ torrents, peers });
  const reached = asked < 0 ? texts.neverAsked() : texts.asked({ ago: formatAgo(asked) });
  return { text: joinSentences(texts.nodes({ nodes }), found, reached), tone: nodes < 8 ? 'plain' : 'good' };
}

export function describeConnections({ most, tcp, utp, webrtc, incoming, connecting, webSeeds }: Vitals['connections']): string {
  const texts = words.network;
  // Names of protocols, which are the same in every language.
  const kinds = [
    tcp > 0 && `${formatCount(tcp)} TCP`,
    utp > 0 && `${formatCount(utp)} uTP`,
    webrtc > 0 && `${formatCount(webrtc)} WebRTC`,
  ].filter(kind => kind !== false);
  const some = { open: formatCount(tcp + utp + webrtc), most: formatCount(most) };
  return joinSentences(
    kinds.length > 0 ? texts.openOf({ ...some, kinds: formatList(kinds) }) : texts.open(some),
    incoming > 0 ? texts.incoming({ count: formatCount(incoming) }) : '',
    connecting > 0 ? texts.connecting({ count: formatCount(connecting) }) : '',
    webSeeds > 0 ? texts.webSeeds({ count: webSeeds }) : '',
  );
}

export function describeTracker({ working, failing, waiting, text }: Vitals['trackers'][number]): VitalWords {
  const texts = words.network;
  const failed =
    text === ''
      ? texts.fails({ count: failing })
      : texts.failsWith({ count: failing, text: isolated(shownText(translated(text))) });
  const parts = [
    working > 0 && texts.answers({ count: working }),
    failing > 0 && failed,
    waiting > 0 && texts.asks({ count: waiting }),
  ].filter(part => part !== false);
  return { text: formatList(parts), tone: failing === 0 ? (working > 0 ? 'good' : 'plain') : working > 0 ? 'plain' : 'warn' };
}
