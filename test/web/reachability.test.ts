import { describe, expect, it } from 'vitest';
import type { PortMappings } from '../../sw/view-model.ts';
import { describePorts } from '../../web/reachability.ts';

const open: PortMappings = {
  state: 'open',
  via: 'nat-pmp',
  externalAddress: '81.2.69.142',
  problem: '',
  mappings: [
    { protocol: 'tcp', port: 6881, externalPort: 20_001 },
    { protocol: 'udp', port: 6881, externalPort: 0 },
  ],
  pinholes: { state: 'none', via: '', address: '' },
};
const six = { state: 'open', via: 'pcp', address: '2a02::1' } as const;
const closed: PortMappings = { ...open, state: 'failed', via: '', externalAddress: '', mappings: [] };

describe('what the router does', () => {
  it.each([
    ['is not asked', { ...closed, state: 'off' }, null, null],
    ['is being asked', { ...closed, state: 'asking' }, 'plain', 'Asking'],
    ['opened a port, told by its number outside', open, 'good', 'Port 20001 is open through your router (NAT-PMP).'],
    ['lets peers in over IPv6 too', { ...open, pinholes: six }, 'good', '(NAT-PMP). Over IPv6 its firewall lets peers in.'],
    ['lets peers in over IPv6 alone', { ...closed, problem: 'refused', pinholes: six }, 'warn', 'lets peers in.'],
    [
      'lets nobody in over IPv6',
      { ...open, pinholes: { ...six, state: 'failed' } },
      'good',
      'Over IPv6 its firewall was not opened.',
    ],
    ['has another router behind it', { ...open, problem: 'double-nat' }, 'warn', 'another router'],
    ['does not answer', { ...closed, problem: 'no-answer' }, 'warn', 'switched on'],
    ['refuses', { ...closed, problem: 'refused' }, 'warn', 'it refused'],
    ['is not there', { ...closed, problem: 'no-router' }, 'plain', 'no router'],
    ['need not open anything', { ...closed, problem: 'public-address' }, 'plain', 'no router has to'],
    ['may not be asked', { ...closed, problem: 'forbidden' }, 'plain', 'config.json'],
  ] as const)('%s', (_, ports, tone, text) => {
    const words = describePorts(ports);
    expect(words?.tone ?? null).toBe(tone);
    if (text !== null) expect(words?.text).toContain(text);
  });
});
