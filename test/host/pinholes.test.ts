/** What the firewall of a router is asked for IPv6, against gateways on ::1 that say what a test has them say. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PcpRouter } from '../../daemon/host/portmap/pcp-router.ts';
import { PinholeRouter } from '../../daemon/host/portmap/pinhole-router.ts';
import type { PortWish } from '../../daemon/wire/control.ts';
import { type HttpGateway, httpGateway, LOOPBACK6, udpGateway } from './gateway.ts';

const TCP: PortWish = { protocol: 'tcp', port: 6881 };
const FIREWALL = 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1';
const PAGE = `<root><service><serviceType>${FIREWALL}</serviceType><controlURL>/control</controlURL></service></root>`;
const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'));

/** A device that answers actions with a body, or the code of a fault, and is found at an address that is not the one asked. */
async function deviceAt(
  act: (action: string) => string | number,
  page = PAGE,
): Promise<{ http: HttpGateway; router: PinholeRouter }> {
  const http = await httpGateway((path, action, _body, response) => {
    const said = path === '/root.xml' ? page : act(action);
    response.statusCode = typeof said === 'number' ? 500 : 200;
    response.end(typeof said === 'number' ? `<s:Fault><errorCode>${said}</errorCode></s:Fault>` : said);
  }, '::1');
  const location = `HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: http://[2a02::1]:${http.port}/root.xml\r\n\r\n`;
  const { port } = await udpGateway(() => [{ bytes: Buffer.from(location) }], '::1');
  const router = new PinholeRouter(LOOPBACK6, { host: '::1', port });
  onTestFinished(() => router.close());
  return { http, router };
}

describe.skipIf(!hasIpv6)(`pinholes${hasIpv6 ? '' : ' (need ::1)'}`, () => {
  it('are made by UPnP for our address and port alone, prolonged, made anew where they are forgotten, and ended', async () => {
    let isThere = true;
    const { http, router } = await deviceAt(action => {
      if (action === 'UpdatePinhole' && !isThere) return 704;
      return action === 'AddPinhole' ? '<UniqueID>42</UniqueID>' : '<ok/>';
    });
    const lease = { externalPort: 6881, externalAddress: '::1', lifetime: 3600 };
    expect(await router.map(TCP)).toEqual(lease);
    expect(await router.map(TCP)).toEqual(lease);
    isThere = false;
    expect(await router.remembers(TCP)).toBe(false);
    expect(await router.map(TCP)).toEqual(lease);
    await router.unmap(TCP);
    await router.unmap(TCP);
    expect(await router.remembers(TCP)).toBe(false);
    const actions = http.asked.map(({ action }) => action);
    expect(actions).toEqual(['', 'AddPinhole', 'UpdatePinhole', 'UpdatePinhole', 'AddPinhole', 'DeletePinhole']);
    const args = [...http.asked[1]!.body.matchAll(/<(\w+)>([^<]*)<\//g)].map(([, name, value]) => `${name} ${value}`);
    const ours = ['InternalClient ::1', 'InternalPort 6881', 'Protocol 6', 'LeaseTime 3600'];
    expect(args).toEqual(['RemoteHost ', 'RemotePort 0', ...ours]);
    expect(http.asked.at(-1)?.body).toContain('<UniqueID>42</UniqueID>');
  });

  it('are refused in words, not taken where no number comes with them, and not asked of who has no such firewall', async () => {
    await expect((await deviceAt(() => 606)).router.map(TCP)).rejects.toMatchObject({
      kind: 'refused',
      message: 'It refused with code 606.',
    });
    for (const id of ['', '<UniqueID>x</UniqueID>', '<UniqueID>1234567</UniqueID>']) {
      await expect((await deviceAt(() => `<r>${id}</r>`)).router.map(TCP)).rejects.toMatchObject({ kind: 'refused' });
    }
    const other = await deviceAt(() => 'x', PAGE.replace('FirewallControl', 'Other'));
    await expect(other.router.map(TCP)).rejects.toMatchObject({ kind: 'silent' });
  });

  it('are made by PCP for our address', async () => {
    const gateway = await udpGateway(bytes => {
      const answer = Uint8Array.from(bytes);
      answer[1] = 0x81;
      answer[3] = 0;
      answer.fill(0, 12, 24);
      answer.set([0x2a, 0x02, ...new Uint8Array(13), 7], 44);
      return [{ bytes: answer }];
    }, '::1');
    const router = new PcpRouter(LOOPBACK6, 'secret', gateway.port);
    onTestFinished(() => router.close());
    expect(await router.map(TCP, 6881)).toEqual({ externalPort: 6881, externalAddress: '2a02::7', lifetime: 3600 });
    const request = Buffer.from(gateway.heard[0]!);
    expect(request.subarray(8, 24).toString('hex')).toBe(`${'00'.repeat(15)}01`);
    // Any external address of IPv6.
    expect(request.subarray(44).toString('hex')).toBe('00'.repeat(16));
  });
});
