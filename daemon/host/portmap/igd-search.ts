/** Looks for the router among the UPnP devices of the network (SSDP): it is asked by multicast, and no one else is heard. */
import { createSocket } from 'node:dgram';
import { encodeSearch, readLocation, SEARCH_TARGETS } from './igd-codec.ts';
import { type Network, RouterError } from './router.ts';

/** Of IPv4, and of one link of IPv6. */
const GROUP = '239.255.255.250';
const GROUP6 = 'ff02::c';
export const SSDP_PORT = 1900;
/** Times that it is asked, and ms from one to the next. */
const TRIES = 3;
const EVERY = 1000;
/** Ms that more descriptions of the same router may take after the first. */
const MORE_WITHIN = 200;
const MAX_LOCATIONS = 4;
const MAX_ANSWER = 2048;

export interface SearchTo {
  readonly host: string;
  readonly port: number;
}

/**
 * Where the router's descriptions are. Over IPv4 all lead to the router itself; over IPv6 it has several addresses, and whichever it
 * names, nobody but the gateway is asked (igd-http.ts). @throws {RouterError} where it does not answer
 */
export function searchGateway({ gateway, address, near }: Network, to?: SearchTo): Promise<readonly URL[]> {
  const isSix = gateway.includes(':');
  const [router = '', zone] = gateway.split('%', 2);
  const group = isSix ? { host: zone === undefined ? GROUP6 : `${GROUP6}%${zone}` } : { host: GROUP };
  const { host, port } = to ?? { ...group, port: SSDP_PORT };
  const named = isSix ? `[${GROUP6}]:${SSDP_PORT}` : `${GROUP}:${SSDP_PORT}`;
  const socket = createSocket(isSix ? 'udp6' : 'udp4');
  const found = new Map<string, URL>();
  return new Promise<readonly URL[]>((resolve, reject) => {
    let timer: NodeJS.Timeout;
    let last: NodeJS.Timeout | null = null;
    const settle = (problem = 'No answer.'): void => {
      clearTimeout(timer);
      if (last !== null) clearTimeout(last);
      socket.close();
      if (found.size > 0) resolve([...found.values()]);
      else reject(new RouterError('silent', problem));
    };
    const ask = (tries: number): void => {
      if (tries === TRIES) return settle();
      for (const target of SEARCH_TARGETS) socket.send(encodeSearch(target, 1, named), port, host, () => undefined);
      timer = setTimeout(() => ask(tries + 1), EVERY);
    };
    socket.once('error', error => settle(error.message));
    socket.on('message', (bytes, from) => {
      if (from.address.split('%', 1)[0] !== router || bytes.length > MAX_ANSWER || found.size >= MAX_LOCATIONS) return;
      const location = readLocation(bytes.toString('latin1'), isSix ? null : gateway);
      if (location === null) return;
      found.set(location.href, location);
      last ??= setTimeout(() => settle(), MORE_WITHIN);
    });
    socket.bind(0, near ?? address, () => {
      if (!isSix) socket.setMulticastInterface(address);
      socket.setMulticastTTL(2);
      ask(0);
    });
  });
}
