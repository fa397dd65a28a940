/** HTTP to the router, bounded in size and time. It follows no redirect and looks no name up. */
import { request } from 'node:http';
import { type Network, RouterError } from './router.ts';

const WITHIN_MS = 5000;
const MAX_HEADERS = 8 << 10;
const MAX_BODY = 64 << 10;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** GETs, or POSTs the `action` to a service. @throws {RouterError} where there is no answer that is one */
export function askOverHttp(
  url: URL,
  { gateway, address }: Network,
  action: { readonly name: string; readonly body: string } | null = null,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(new RouterError('silent', error.message));
    const headers = action && {
      'Content-Type': 'text/xml; charset="utf-8"',
      'Content-Length': Buffer.byteLength(action.body),
      SOAPAction: `"${action.name}"`,
    };
    const asked = request({
      host: gateway,
      localAddress: address,
      port: url.port === '' ? 80 : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method: action === null ? 'GET' : 'POST',
      headers: { Host: url.host, Connection: 'close', ...headers },
      agent: false,
      maxHeaderSize: MAX_HEADERS,
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    asked.on('error', failed);
    asked.on('response', response => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_BODY) asked.destroy(new Error('Its answer is too long.'));
        else chunks.push(chunk);
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    asked.end(action?.body);
  });
}
