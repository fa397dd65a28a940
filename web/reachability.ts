import type { PortMappings } from '../sw/view-model.ts';
import { joinSentences } from './format.ts';
import type { Tone } from './problems.ts';
import { words } from './words/words.ts';

export interface ReachabilityWords {
  /** Cause and consequence, in a sentence or two. */
  readonly text: string;
  readonly tone: Tone;
}

const PROTOCOLS = { '': '', pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const;

/** How far peers from outside can connect to us; null where nothing is asked of the router. */
export function describePorts(ports: PortMappings): ReachabilityWords | null {
  const said = describeFour(ports);
  if (said === null || ports.pinholes.state === 'none' || ports.pinholes.state === 'asking') return said;
  const isOpen = ports.pinholes.state === 'open';
  const six = isOpen ? words.reachability.firewallOpen() : words.reachability.firewallClosed();
  return { ...said, text: joinSentences(said.text, six) };
}

function describeFour(ports: PortMappings): ReachabilityWords | null {
  switch (ports.state) {
    case 'off':
      return null;
    case 'asking':
      return { text: words.reachability.asking(), tone: 'plain' };
    case 'open': {
      const port = String(ports.mappings[0]?.externalPort ?? 0);
      if (ports.problem === 'double-nat') return { text: words.reachability.doubleNat({ port }), tone: 'warn' };
      return { text: words.reachability.open({ port, protocol: PROTOCOLS[ports.via] }), tone: 'good' };
    }
    case 'failed':
      return describeProblem(ports.problem);
  }
}

function describeProblem(problem: PortMappings['problem']): ReachabilityWords {
  const texts = words.reachability;
  switch (problem) {
    case 'no-router':
      return { text: texts.noRouter(), tone: 'plain' };
    case 'public-address':
      return { text: texts.publicAddress(), tone: 'plain' };
    case 'forbidden':
      return { text: texts.forbidden(), tone: 'plain' };
    case 'refused':
      return { text: texts.refused(), tone: 'warn' };
    case 'no-answer':
    case 'double-nat':
    case '':
      return { text: texts.noAnswer(), tone: 'warn' };
  }
}
