import type { PortMappings } from '../sw/view-model.ts';
import type { Tone } from './problems.ts';

export interface ReachabilityWords {
  /** Cause and consequence, in a sentence or two. */
  readonly text: string;
  readonly tone: Tone;
}

const PROTOCOLS = { '': '', pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const;
const STILL_REACHING = 'Starling still reaches peers, but new ones cannot connect to it.';

/** How far peers from outside can connect to us; null where nothing is asked of the router. */
export function describePorts(ports: PortMappings): ReachabilityWords | null {
  const words = describeFour(ports);
  if (words === null || ports.pinholes.state === 'none' || ports.pinholes.state === 'asking') return words;
  const isOpen = ports.pinholes.state === 'open';
  const six = isOpen ? 'Over IPv6 its firewall lets peers in.' : 'Over IPv6 its firewall was not opened.';
  return { ...words, text: `${words.text} ${six}` };
}

function describeFour(ports: PortMappings): ReachabilityWords | null {
  switch (ports.state) {
    case 'off':
      return null;
    case 'asking':
      return { text: 'Asking your router to open a port.', tone: 'plain' };
    case 'open': {
      const [first] = ports.mappings;
      const port = first?.externalPort ?? 0;
      if (ports.problem === 'double-nat') {
        const text = `Your router opened port ${port}, but another router stands between it and the internet. ${STILL_REACHING}`;
        return { text, tone: 'warn' };
      }
      return { text: `Port ${port} is open through your router (${PROTOCOLS[ports.via]}).`, tone: 'good' };
    }
    case 'failed':
      return describeProblem(ports.problem);
  }
}

function describeProblem(problem: PortMappings['problem']): ReachabilityWords {
  switch (problem) {
    case 'no-router':
      return { text: 'This computer has no router at the moment, so there is no port to open.', tone: 'plain' };
    case 'public-address':
      return { text: 'This computer has an address of its own on the internet, so no router has to open a port.', tone: 'plain' };
    case 'forbidden':
      return { text: `Opening ports is switched off in config.json on this computer. ${STILL_REACHING}`, tone: 'plain' };
    case 'refused':
      return {
        text: `Your router did not open a port: it refused. ${STILL_REACHING} UPnP, NAT-PMP or PCP may have to be allowed in its settings.`,
        tone: 'warn',
      };
    case 'no-answer':
    case 'double-nat':
    case '':
      return {
        text: `Your router did not open a port: it did not answer. ${STILL_REACHING} UPnP, NAT-PMP or PCP may have to be switched on in its settings.`,
        tone: 'warn',
      };
  }
}
