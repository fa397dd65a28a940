import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAction, errorCodeOf, readDescription, readLocation, textOf } from '../../daemon/host/portmap/igd-codec.ts';
import { UpnpRouter } from '../../daemon/host/portmap/upnp-router.ts';
import type { PortWish } from '../../daemon/wire/control.ts';
import { type Answer, type HttpGateway, httpGateway, LOOPBACK, udpGateway } from './gateway.ts';

const TCP: PortWish = { protocol: 'tcp', port: 6881 };
const IP1 = 'urn:schemas-upnp-org:service:WANIPConnection:1';
const IP2 = 'urn:schemas-upnp-org:service:WANIPConnection:2';
const PPP = 'urn:schemas-upnp-org:service:WANPPPConnection:1';

const service = (type: string, control: string): string =>
  `<service><serviceType>${type}</serviceType><SCPDURL>/s.xml</SCPDURL><controlURL>${control}</controlURL></service>`;
const description = (...services: string[]): string =>
  `<?xml version="1.0"?><root><device><deviceList><device><serviceList>${services.join('')}</serviceList></device></deviceList></device></root>`;
const reply = (action: string, inner: string): string =>
  `<s:Envelope><s:Body><u:${action}Response xmlns:u="x">${inner}</u:${action}Response></s:Body></s:Envelope>`;
const fault = (code: number): string =>
  `<s:Envelope><s:Body><s:Fault><faultstring>UPnPError</faultstring><detail><UPnPError><errorCode>${code}</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>`;

/** What a device of that kind answers; `act` gives a body, or the code of a fault. */
async function device(
  act: (action: string, body: string, path: string) => string | number,
  page: string = description(service(IP1, '/control')),
): Promise<HttpGateway> {
  return httpGateway((path, action, body, response) => {
    const said = path === '/root.xml' ? page : act(action, body, path);
    response.statusCode = typeof said === 'number' ? 500 : 200;
    response.end(typeof said === 'number' ? fault(said) : said);
  });
}

const found = (...locations: string[]): Answer =>
  locations.map(location => ({ bytes: Buffer.from(`HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: ${location}\r\nSERVER: y\r\n\r\n`) }));

/** A router whose search is answered so. */
async function routerAt(answer: (bytes: Buffer, before: number) => Answer): Promise<UpnpRouter> {
  const { port } = await udpGateway(answer);
  return new UpnpRouter(LOOPBACK, { host: '127.0.0.1', port });
}

const plain = (action: string): string =>
  reply(action, action === 'GetExternalIPAddress' ? '<NewExternalIPAddress>81.2.69.142</NewExternalIPAddress>' : '');

describe('a UPnP gateway', () => {
  it('is found, opens a port for an hour, tells whether it remembers, and ends it', async () => {
    let isThere = true;
    const http = await device(action => {
      if (action !== 'GetSpecificPortMappingEntry') return plain(action);
      return isThere
        ? reply(action, '<NewInternalPort>6881</NewInternalPort><NewInternalClient>127.0.0.1</NewInternalClient>')
        : 714;
    });
    const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
    expect(await router.map(TCP, 7000)).toEqual({ externalPort: 7000, externalAddress: '81.2.69.142', lifetime: 3600 });
    expect(await router.remembers(TCP, 7000)).toBe(true);
    isThere = false;
    expect(await router.remembers(TCP, 7000)).toBe(false);
    await router.unmap(TCP, 7000);
    const [, , add] = http.asked;
    expect(add?.body).toContain(`<u:AddPortMapping xmlns:u="${IP1}">`);
    expect(textOf(add?.body ?? '', 'NewExternalPort')).toBe('7000');
    expect(textOf(add?.body ?? '', 'NewInternalPort')).toBe('6881');
    expect(textOf(add?.body ?? '', 'NewInternalClient')).toBe('127.0.0.1');
    expect(textOf(add?.body ?? '', 'NewLeaseDuration')).toBe('3600');
    expect(http.asked.at(-1)).toMatchObject({ action: 'DeletePortMapping', path: '/control' });
    router.close();
    expect(await router.remembers(TCP, 7000)).toBe(false);
  });

  it('that knows no leases is asked for one without end, from then on at once', async () => {
    const http = await device((action, body) =>
      action === 'AddPortMapping' && textOf(body, 'NewLeaseDuration') !== '0' ? 725 : plain(action),
    );
    const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
    await router.map(TCP, 1);
    await router.map(TCP, 1);
    const leases = http.asked
      .filter(({ action }) => action === 'AddPortMapping')
      .map(({ body }) => textOf(body, 'NewLeaseDuration'));
    expect(leases).toEqual(['3600', '0', '0']);
  });

  it('is asked for three other ports where the one wished for is taken', async () => {
    let isTaken = (tries: number): boolean => tries < 3;
    let tries = 0;
    const http = await device(action => (action === 'AddPortMapping' && isTaken(tries++) ? 718 : plain(action)));
    const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
    const { externalPort } = await router.map(TCP, 6881);
    expect(externalPort).toBeGreaterThanOrEqual(20_000);
    expect(textOf(http.asked.filter(({ action }) => action === 'AddPortMapping').at(-1)?.body ?? '', 'NewExternalPort')).toBe(
      String(externalPort),
    );
    isTaken = () => true;
    tries = 0;
    await expect(router.map(TCP, 6881)).rejects.toMatchObject({ kind: 'refused', code: 718 });
    expect(tries).toBe(4);
  });

  it('is used by the service that is connected, the newest first', async () => {
    const page = description(
      service(PPP, '/ppp'),
      service(IP1, '/ip1'),
      service('urn:x:service:Layer3:1', '/no'),
      service(IP2, '/ip2'),
    );
    const http = await device((action, _body, path) => {
      const isConnected = path === '/ppp';
      return action === 'GetExternalIPAddress' && !isConnected
        ? reply(action, '<NewExternalIPAddress>0.0.0.0</NewExternalIPAddress>')
        : plain(action);
    }, page);
    const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
    await router.map(TCP, 1);
    expect(http.asked.map(({ path }) => path).slice(1, 5)).toEqual(['/ip2', '/ip1', '/ppp', '/ppp']);
  });

  it('refuses with its code, and is silent where it is no gateway', async () => {
    const http = await device(action => (action === 'AddPortMapping' ? 606 : plain(action)));
    const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused', code: 606 });
    const printer = await device(plain, description(service('urn:x:service:Printer:1', '/print')));
    const other = await routerAt(() => found(`http://127.0.0.1:${printer.port}/root.xml`));
    await expect(other.map(TCP, 1)).rejects.toMatchObject({ kind: 'silent' });
  });
});

describe('hostile answers', () => {
  it('of others than the gateway are not heard, nor is its own word for another host', async () => {
    const other = await httpGateway((_path, _action, _body, response) => response.end(), '127.0.0.2');
    const http = await device(
      plain,
      description(service(IP1, `http://127.0.0.2:${other.port}/control`), service(PPP, '/control')),
    );
    const at = `http://127.0.0.1:${http.port}/root.xml`;
    const lies = [
      `http://127.0.0.2:${other.port}/`,
      `https://127.0.0.1:${http.port}/`,
      'http://localhost/',
      `http://a@127.0.0.1:${http.port}/`,
      'file:///etc/passwd',
      'x',
    ];
    const router = await routerAt((_bytes, before) => {
      const [evil] = found(`http://127.0.0.1:${other.port}/evil.xml`);
      return [{ ...evil!, from: '127.0.0.2' }, ...found(...lies), ...(before < 2 ? [] : found(at))];
    });
    await router.map(TCP, 6881);
    expect(other.asked).toEqual([]);
    expect(http.asked.map(({ path }) => path)).toEqual(['/root.xml', '/control', '/control', '/control']);
  });

  it('that redirect, never end or are too long are given up', { timeout: 60_000 }, async () => {
    const victim = await httpGateway((_path, _action, _body, response) => response.end(description(service(IP1, '/c'))));
    const http = await httpGateway((path, _action, _body, response) => {
      if (path === '/redirect') response.writeHead(302, { location: `http://127.0.0.1:${victim.port}/root.xml` }).end();
      else if (path === '/slow') response.write('<root>');
      else if (path === '/long') response.end(`${' '.repeat(70_000)}${description(service(IP1, '/c'))}`);
      else response.writeHead(200, { 'x-long': 'x'.repeat(9000) }).end(description(service(IP1, '/c')));
    });
    for (const path of ['/redirect', '/slow', '/long', '/headers']) {
      const router = await routerAt(() => found(`http://127.0.0.1:${http.port}${path}`));
      await expect(router.map(TCP, 1), path).rejects.toMatchObject({ kind: 'silent' });
    }
    expect(victim.asked).toEqual([]);
  });

  it('that are no answer to a search leave it without one', async () => {
    const nonsense = [
      '',
      'HTTP/1.1 404 Not Found\r\nLOCATION: http://127.0.0.1/\r\n\r\n',
      'NOTIFY * HTTP/1.1\r\nLOCATION: http://127.0.0.1/\r\n\r\n',
      'HTTP/1.1 200 OK\r\n\r\n',
    ];
    const router = await routerAt(() =>
      [...nonsense, `HTTP/1.1 200 OK\r\nLOCATION: http://127.0.0.1/${'x'.repeat(3000)}\r\n\r\n`].map(text => ({
        bytes: Buffer.from(text),
      })),
    );
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'silent', message: 'No answer.' });
  });

  it('do not make an address of what is none', async () => {
    for (const address of ['0.0.0.0', '999.1.1.1', '<b>1.2.3.4</b>', 'router.example', '']) {
      const http = await device(action =>
        action === 'GetExternalIPAddress'
          ? reply(action, `<NewExternalIPAddress>${address}</NewExternalIPAddress>`)
          : plain(action),
      );
      const router = await routerAt(() => found(`http://127.0.0.1:${http.port}/root.xml`));
      expect((await router.map(TCP, 1)).externalAddress, address).toBe('');
    }
  });

  it('are read in linear time, whatever they are', () => {
    const at = new URL('http://192.168.1.1:5000/root.xml');
    const tags = fc.constantFrom(
      '<service>',
      '</service>',
      '<serviceType>',
      IP1,
      '</serviceType>',
      '<controlURL>',
      '/c',
      'http://10.0.0.1/',
      '</controlURL>',
      '<URLBase>',
      'http://192.168.1.1:1/',
      '</URLBase>',
      '<errorCode',
      ' a="b"',
      '>',
      '7',
      '</',
      '&lt;',
      '&amp;amp;',
    );
    const xml = fc.oneof(
      fc.string(),
      fc.array(tags, { maxLength: 40 }).map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(xml, text => {
        for (const { controlUrl } of readDescription(text, at)) expect(controlUrl.hostname).toBe('192.168.1.1');
        expect(errorCodeOf(text)).toBeLessThan(100_000);
        const location = readLocation(`HTTP/1.1 200 OK\r\nLOCATION:${text}\r\n`, '192.168.1.1');
        if (location !== null) expect(location.hostname).toBe('192.168.1.1');
      }),
      { numRuns: 2000 },
    );
    const began = performance.now();
    for (const long of ['<service>', '<service><controlURL ', '<errorCode ', '<a:errorCode>1', '<', 'x:']) {
      const text = long.repeat(65_536 / long.length);
      readDescription(text, at);
      errorCodeOf(text);
      readLocation(`HTTP/1.1 200 OK\r\n${text}`, '192.168.1.1');
    }
    expect(performance.now() - began).toBeLessThan(3000);
    expect(readDescription(description(...Array.from({ length: 1000 }, () => service(IP1, '/c'))), at)).toHaveLength(64);
  });
});

it('what is asked of a gateway is well-formed', () => {
  const text = encodeAction(IP2, 'AddPortMapping', { NewRemoteHost: '', NewExternalPort: 80 });
  expect(text).toContain(
    '<NewRemoteHost></NewRemoteHost><NewExternalPort>80</NewExternalPort></u:AddPortMapping></s:Body></s:Envelope>',
  );
});
