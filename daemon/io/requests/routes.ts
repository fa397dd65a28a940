/** Everything that can be asked of the io-daemon by HTTP. */
import { Digest } from '../../wire/frames.ts';
import { reply } from './answers.ts';
import type { Route } from './call.ts';
import { free, list, remove, stat, truncate } from './files.ts';
import { hash } from './hash.ts';
import { read } from './read.ts';
import { stream } from './stream.ts';
import { verify } from './verify.ts';
import { write } from './write.ts';

/** Where those may come to as well who are not the page that was admitted. */
export const STREAM = '/stream/';

const ask = { methods: ['GET', 'HEAD'], takesBody: false } as const;
const act = { methods: ['POST'], takesBody: false } as const;
const give = { methods: ['POST'], takesBody: true } as const;

export const ROUTES: readonly Route[] = [
  { ...ask, path: STREAM, headers: ['range'], isGranted: true, run: stream },
  { ...ask, path: '/read/', headers: ['range', 'x-path-base64', 'x-offset', 'x-length'], run: read },
  {
    ...give,
    path: '/write/',
    headers: ['content-type', 'x-path-base64', 'x-file-size', 'x-offset', 'x-expected-sha1'],
    run: write,
  },
  { ...give, path: '/hash/sha1', headers: ['content-type'], run: hash(Digest.SHA1) },
  { ...give, path: '/hash/sha256', headers: ['content-type'], run: hash(Digest.SHA256) },
  { ...ask, path: '/files/stat/', headers: ['x-path-base64'], run: stat },
  { ...ask, path: '/files/list/', headers: ['x-path-base64', 'x-after'], run: list },
  { ...ask, path: '/files/free/', headers: [], run: free },
  { ...give, path: '/files/verify/', headers: ['content-type'], run: verify },
  { ...act, path: '/files/delete/', headers: ['x-path-base64', 'x-file-size'], run: remove },
  { ...act, path: '/files/truncate/', headers: ['x-path-base64', 'x-file-size', 'x-length'], run: truncate },
  { ...ask, path: '/control/ping', headers: [], run: ping },
];

/** What a request's path leads to, and what stands behind the route; null for nothing. */
export function find(url: string): { readonly route: Route; readonly tail: string } | null {
  for (const route of ROUTES) {
    const tail = url.startsWith(route.path) ? url.slice(route.path.length) : null;
    if (tail !== null && (route.path.endsWith('/') ? /^[^/?#]{1,256}$/.test(tail) : tail === '')) return { route, tail };
  }
  return null;
}

function ping({ response, services }: Parameters<Route['run']>[0]): Promise<void> {
  reply(response, { version: services.version, uptimeMs: Math.round(performance.now() - services.started) });
  return Promise.resolve();
}
