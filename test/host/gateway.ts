/** A gateway on loopback that says what a test has it say. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Network } from '../../daemon/host/portmap/router.ts';

export const LOOPBACK6: Network = { gateway: '::1', address: '::1' };
export const LOOPBACK: Network = { gateway: '127.0.0.1', address: '127.0.0.1' };

/** What it sends for a datagram, and from where: itself, or another address of this machine. */
export type Answer = readonly { readonly bytes: Uint8Array; readonly from?: string }[];

export interface UdpGateway {
  readonly port: number;
  readonly heard: Uint8Array[];
}

/** `answer` gets how many datagrams came before. */
export async function udpGateway(answer: (bytes: Buffer, before: number) => Answer, at = '127.0.0.1'): Promise<UdpGateway> {
  const socket = await bound(at);
  const others = new Map<string, Socket>();
  const heard: Uint8Array[] = [];
  socket.on('message', (bytes, from: RemoteInfo) => {
    const say = async (): Promise<void> => {
      for (const { bytes: said, from: host } of answer(bytes, heard.length - 1)) {
        const sender = host === undefined ? socket : (others.get(host) ?? (await bound(host)));
        if (host !== undefined) others.set(host, sender);
        sender.send(said, from.port, from.address);
      }
    };
    heard.push(bytes);
    void say();
  });
  return { port: socket.address().port, heard };
}

/** A port of this machine that nothing listens on. */
export async function closedPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>(resolve => socket.close(resolve));
  return port;
}

export interface HttpGateway {
  readonly port: number;
  readonly asked: { readonly path: string; readonly action: string; readonly body: string }[];
}

export async function httpGateway(
  answer: (path: string, action: string, body: string, response: ServerResponse) => void,
  host = '127.0.0.1',
): Promise<HttpGateway> {
  const asked: { path: string; action: string; body: string }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const action = /#(\w+)"$/.exec(String(request.headers['soapaction'] ?? ''))?.[1] ?? '';
      asked.push({ path: request.url ?? '', action, body });
      answer(request.url ?? '', action, body, response);
    });
  });
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, asked };
}

async function bound(host: string): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>(resolve => socket.bind(0, host, resolve));
  onTestFinished(() => void socket.close());
  return socket;
}
