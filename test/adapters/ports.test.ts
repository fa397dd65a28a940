import { expect, it } from 'vitest';
import { ControlOp, type PortMappings } from '../../daemon/wire/control.ts';
import { DaemonPortMapper } from '../../sw/adapters/daemon-ports.ts';
import { Harness } from './harness.ts';

const state = (externalPort: number): PortMappings => ({
  state: 'open',
  via: 'upnp',
  externalAddress: '',
  problem: '',
  mappings: [{ protocol: 'tcp', port: 6881, externalPort }],
  pinholes: { state: 'none', via: '', address: '' },
});

it('asks the host, and hears what it answers and what becomes of it, until it asks for others', () => {
  const harness = new Harness();
  const { control } = harness.connect(4);
  const mapper = new DaemonPortMapper(harness.link.control);
  const told: string[] = [];
  const hear = (name: string) => (now: PortMappings) => void told.push(`${name} ${now.mappings[0]?.externalPort}`);
  mapper.map([{ protocol: 'tcp', port: 6881 }], hear('first'));
  const [asked] = control.sent(ControlOp.PORTS_MAP);
  expect(asked?.wishes).toEqual([{ protocol: 'tcp', port: 6881 }]);
  control.say({ op: ControlOp.PORTS_MAPPED, id: asked?.id ?? 0, ports: state(1) });
  control.say({ op: ControlOp.PORTS_MAPPED, id: 0, ports: state(2) });
  mapper.map([], hear('second'));
  control.say({ op: ControlOp.PORTS_MAPPED, id: 0, ports: state(3) });
  expect(told).toEqual(['first 1', 'first 2', 'second 3']);
});
