/** Plain requests to an io-daemon under fuzzing: any route, any method, with headers that mostly mean something. */
import { createHash } from 'node:crypto';
import { ROUTES } from '../../daemon/io/requests/routes.ts';
import { ORIGIN, ROOT } from '../daemon/io-process.ts';
import { NAMES, NUMBERS } from './daemon-frames.ts';
import type { Random } from './daemon-world.ts';
import { mutate } from './mutate.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'POST', 'POST', 'OPTIONS', 'PUT'];

/** Its bytes; of a body there may be too little or too much. */
export function plainRequest(random: Random, port: number, ticket: string): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const route = pick(ROUTES);
  const tail = route.path.endsWith('/') ? pick([ROOT, ROOT, String(below(7)), 'x', '']) : '';
  const method = below(4) > 0 ? pick(route.methods) : pick(METHODS);
  const body = Buffer.alloc(method === 'POST' ? Math.min(pick(NUMBERS), 65_536) : 0);
  const path = Buffer.from(
    Array.from({ length: 1 + below(2) }, () => pick(below(3) === 0 ? NAMES : NAMES.slice(0, 4))).join('/'),
  );
  const sha1 = createHash('sha1').update(body).digest('hex');
  const lines = [
    `${method} ${route.path}${tail} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Origin: ${ORIGIN}`,
    `Authorization: Bearer ${ticket}`,
    `X-Path-Base64: ${path.toString('base64')}`,
    `X-File-Size: ${pick(NUMBERS)}`,
    `X-Offset: ${pick(NUMBERS.slice(0, 5))}`,
    `X-Expected-SHA1: ${below(4) > 0 ? sha1 : 'x'}`,
    ...(below(2) > 0 ? [`Range: bytes=${pick(['0-', '5-9', '-7', '9-5', '0-1,3-4', '99999999-'])}`] : []),
    ...(below(2) > 0 ? [`X-Length: ${pick([...NUMBERS, -1, 2 ** 53, NaN])}`] : []),
    ...(method === 'POST' && below(8) > 0 ? [`Content-Length: ${body.length + pick([0, 0, 0, 0, 1, -1, 1e9])}`] : []),
  ];
  const request = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
  return below(5) === 0 ? mutate(request, request, random) : request;
}
