/** Looks for the router among the UPnP devices of the network (SSDP): it is asked by multicast, and no one else is heard. */
import { createSocket } from 'node:dgram';
import { encodeSearch, readLocation, SEARCH_TARGETS } from './igd-codec.ts';
import { type Network, RouterError } from './router.ts';

const GROUP = '239.255.255.250';
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

/** Where the router's descriptions are, all on the router itself. @throws {RouterError} where it does not answer */
export function searchGateway(
  { gateway, address }: Network,
  { host, port }: SearchTo = { host: GROUP, port: SSDP_PORT },
): Promise<readonly URL[]> {
  const socket = createSocket('udp4');
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
      for (const target of SEARCH_TARGETS) socket.send(encodeSearch(target, 1), port, host, () => undefined);
      timer = setTimeout(() => ask(tries + 1), EVERY);
    };
    socket.once('error', error => settle(error.message));
    socket.on('message', (bytes, from) => {
      if (from.address !== gateway || bytes.length > MAX_ANSWER || found.size >= MAX_LOCATIONS) return;
      const location = readLocation(bytes.toString('latin1'), gateway);
      if (location === null) return;
      found.set(location.href, location);
      last ??= setTimeout(() => settle(), MORE_WITHIN);
    });
    socket.bind(0, address, () => {
      socket.setMulticastInterface(address);
      socket.setMulticastTTL(2);
      ask(0);
    });
  });
}
