/** A web server of a folder, with ranges, as any has; it remembers what it was asked for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';

export interface WebServer {
  readonly base: string;
  /** Paths as they stood in the requests. */
  readonly asked: Set<string>;
  /** Bytes of bodies sent. */
  sent(): number;
  close(): void;
}

export async function serveFolder(folder: string): Promise<WebServer> {
  const asked = new Set<string>();
  let sent = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/';
    asked.add(path);
    const file = join(folder, ...path.split('/').map(decodeURIComponent));
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404).end('not here');
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [, first = '0', last = String(stat.size - 1)] = range ?? [];
    const [start, end] = [Number(first), Math.min(Number(last), stat.size - 1)];
    response.writeHead(range ? 206 : 200, {
      ...(range ? { 'content-range': `bytes ${start}-${end}/${stat.size}` } : {}),
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
    });
    const stream = createReadStream(file, { start, end, highWaterMark: 1 << 20 });
    stream.on('data', part => (sent += part.length));
    stream.pipe(response);
  };
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    base: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    asked,
    sent: () => sent,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
