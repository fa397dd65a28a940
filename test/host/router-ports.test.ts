import { expect, test } from 'vitest';
import { type Mapper, RouterPorts } from '../../daemon/host/portmap/router-ports.ts';
import { readBsdRoute, readLinuxRoutes, readWindowsRoutes } from '../../daemon/host/portmap/network.ts';
import { readBsdRoute6, readLinuxRoutes6, readWindowsRoutes6 } from '../../daemon/host/portmap/network6.ts';
import type { PortWish, RouterState } from '../../daemon/wire/control.ts';

const OPEN: RouterState = { state: 'open', via: 'pcp', externalAddress: '', problem: '', mappings: [] };
const TCP: PortWish = { protocol: 'tcp', port: 6881 };
const UDP: PortWish = { protocol: 'udp', port: 6881 };

function setUp() {
  const wanted: string[] = [];
  const timers: { ms: number; callback: () => void }[] = [];
  const wanted6: string[] = [];
  const mapper = (heard: string[], state: RouterState): Mapper => ({
    state,
    want: wishes => void heard.push(wishes.map(({ protocol, port }) => `${protocol} ${port}`).join()),
    stop: () => Promise.resolve(),
  });
  const mappers = { four: mapper(wanted, OPEN), six: mapper(wanted6, { ...OPEN, externalAddress: '2a02::1' }) };
  const ports = new RouterPorts(mappers, (ms, callback) => {
    const timer = { ms, callback };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
  });
  return { ports, wanted, wanted6, timers };
}

test('the router is asked for no port but those that the io-daemon has open itself', () => {
  const { ports, wanted, wanted6 } = setUp();
  ports.want([TCP, UDP, { protocol: 'tcp', port: 22 }]);
  ports.opened({ tcp: [6881, 9000], udp: [] });
  ports.opened({ tcp: [6881], udp: [6881] });
  expect(wanted).toEqual(['', 'tcp 6881', 'tcp 6881,udp 6881']);
  expect(wanted6).toEqual(wanted);
});

test('what the firewall of IPv6 does is told beside what the router of IPv4 does, and nothing where there is none', () => {
  const { ports } = setUp();
  expect(ports.state).toEqual({ ...OPEN, pinholes: { state: 'open', via: 'pcp', address: '2a02::1' } });
  const noSix: Mapper = {
    state: { ...OPEN, state: 'failed', via: '', problem: 'no-router' },
    want: () => undefined,
    stop: async () => undefined,
  };
  const alone = new RouterPorts({ four: noSix, six: noSix }, () => () => undefined);
  expect(alone.state.pinholes).toEqual({ state: 'none', via: '', address: '' });
});

test('a port whose socket is gone stays for a minute, unless it is wished for no more', () => {
  const { ports, wanted, timers } = setUp();
  ports.opened({ tcp: [6881], udp: [6881] });
  ports.want([TCP, UDP]);
  ports.opened({ tcp: [], udp: [6881] });
  ports.opened({ tcp: [], udp: [] });
  expect(timers.map(({ ms }) => ms)).toEqual([60_000]);
  ports.opened({ tcp: [6881], udp: [6881] });
  expect(timers).toEqual([]);
  ports.opened({ tcp: [6881], udp: [] });
  ports.want([TCP]);
  expect([wanted.at(-1), timers]).toEqual(['tcp 6881', []]);
  ports.opened({ tcp: [], udp: [] });
  const [loss] = timers.splice(0);
  expect(wanted.at(-1)).toBe('tcp 6881');
  loss!.callback();
  expect(wanted.at(-1)).toBe('');
});

test('ports stay for a minute after the engine went, and longer where it is back in time', () => {
  const { ports, wanted, timers } = setUp();
  ports.opened({ tcp: [6881], udp: [] });
  ports.want([TCP]);
  ports.leave();
  expect(timers.map(({ ms }) => ms)).toEqual([60_000]);
  ports.want([TCP]);
  expect(timers).toEqual([]);
  ports.leave();
  timers[0]!.callback();
  expect(wanted.at(-1)).toBe('');
});

test('once stopped it waits for nothing, whatever ends after it', async () => {
  const { ports, wanted, timers } = setUp();
  ports.opened({ tcp: [6881], udp: [] });
  ports.want([TCP]);
  ports.leave();
  await ports.stop();
  const before = wanted.length;
  ports.opened({ tcp: [], udp: [] });
  ports.leave();
  expect(timers).toEqual([]);
  expect(wanted).toHaveLength(before);
});

test('where the owner of the computer forbids it, nothing is asked and that is told', () => {
  const ports = new RouterPorts(null, () => () => undefined);
  expect(ports.state.state).toBe('off');
  ports.want([TCP]);
  expect(ports.state).toMatchObject({ state: 'failed', problem: 'forbidden' });
});

const LINUX = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
tun0	00000000	00000000	0001	0	0	50	00000000	0	0	0
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	FE00000A	0003	0	0	100	00000000	0	0	0
eth0	00000000	0100A8C0	0002	0	0	1	00000000	0	0	0
eth0	0000000A	00000000	0001	0	0	100	00FFFFFF	0	0	0
`;
const WINDOWS = `
IPv4-Routentabelle
===========================================================================
Aktive Routen:
     Netzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik
          0.0.0.0          0.0.0.0   Auf Verbindung         10.8.0.2      5
          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.23     25
          0.0.0.0          0.0.0.0      192.168.2.1     192.168.2.23     35
        127.0.0.0        255.0.0.0   Auf Verbindung         127.0.0.1    331
`;
const MACOS = `   route to: default
destination: default
       mask: default
    gateway: 192.168.1.1
  interface: en0
`;

test('the default gateway is read from what the systems say of their routes', () => {
  expect(readLinuxRoutes(LINUX)).toBe('10.0.0.254');
  expect(readWindowsRoutes(WINDOWS)).toBe('192.168.1.1');
  expect(readBsdRoute(MACOS)).toBe('192.168.1.1');
});

test('what can be no gateway is none', () => {
  const linux = (gateway: string, metric = '0'): string | null =>
    readLinuxRoutes(`Iface\neth0\t00000000\t${gateway}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`);
  for (const hex of ['00000000', '0100007F', '010000E0', 'FFFFFFFF', 'zz000001', '01']) expect(linux(hex), hex).toBeNull();
  expect(linux('0100000A', 'x')).toBeNull();
  for (const gateway of ['fe80::1%en0', '127.0.0.1', '1.2.3', '999.1.1.1', 'link#4', '1.2.3.4; reboot']) {
    expect(readBsdRoute(`gateway: ${gateway}\n`), gateway).toBeNull();
    expect(readWindowsRoutes(`0.0.0.0 0.0.0.0 ${gateway} 10.0.0.2 1`), gateway).toBeNull();
  }
  for (const text of ['', '\n\n', '\0', 'Iface\n\n']) {
    expect([readLinuxRoutes(text), readBsdRoute(text), readWindowsRoutes(text)]).toEqual([null, null, null]);
  }
});

const ZEROS = '0'.repeat(32);
const LINUX6 = [
  `20010db8000000000000000000000000 40 ${ZEROS} 00 ${ZEROS} 00000100 00000002 00000000 00000001     eth0`,
  `${ZEROS} 00 ${ZEROS} 00 fe80000000000000000000000000000a 00000400 00000003 00000000 00000003    wlan0`,
  `${ZEROS} 00 ${ZEROS} 00 fe800000000000000000000000000001 00000064 00000003 00000000 00450003     eth0`,
  `${ZEROS} 00 ${ZEROS} 00 fe800000000000000000000000000002 00000001 00000003 00000000 00000002     eth0`,
  `${ZEROS} 00 ${ZEROS} 00 ${ZEROS} ffffffff 00000001 00000000 00200200       lo`,
].join('\n');
const WINDOWS6 = `
IPv6-Routentabelle
Aktive Routen:
 If Metrik Netzwerkziel             Gateway
 12    281 ::/0                     fe80::a
  7     26 ::/0
                                    fe80::1:2:3:4
  1    331 ::1/128                  Auf Verbindung
`;

test('the default gateway of IPv6 is read with its zone', () => {
  expect(readLinuxRoutes6(LINUX6)).toBe('fe80::1%eth0');
  expect(readLinuxRoutes6(`${ZEROS} 00 ${ZEROS} 00 20010db8000000000000000000000001 00000400 0 0 00000003 eth0`)).toBeNull();
  expect(readLinuxRoutes6(`${ZEROS} 00 ${ZEROS} 00 2a020000000000000000000000000001 00000400 0 0 00000003 eth0`)).toBe('2a02::1');
  expect(readWindowsRoutes6(WINDOWS6)).toBe('fe80::1:2:3:4%7');
  expect(readBsdRoute6('   route to: default\n    gateway: fe80::1%en0\n  interface: en0\n')).toBe('fe80::1%en0');
  for (const text of ['', 'gateway: fe80::1', 'gateway: nothing', ZEROS]) {
    expect([readLinuxRoutes6(text), readWindowsRoutes6(text), readBsdRoute6(text)], text).toEqual([null, null, null]);
  }
});
