/** A host in a process of its own, to be killed. Says on stdout, in JSON, where it is and which file pairs with it. */
import { startHost } from '../../daemon/host/main.ts';

export interface HostConfig {
  readonly home: string;
  readonly downloads: string;
  readonly web: string;
  readonly io: string;
}

export interface HostLine {
  readonly port: number;
  readonly origin: string;
  readonly pairing: string;
}

const { home, downloads, web, io } = JSON.parse(process.argv[2] ?? '') as HostConfig;
const host = await startHost({
  home,
  port: 0,
  downloadDir: downloads,
  verbose: false,
  webFolder: web,
  ioProgram: [io],
  say: () => undefined,
});
if ('running' in host) throw new Error('a host runs on this home');
process.stdout.write(`${JSON.stringify({ port: host.port, origin: host.origin, pairing: await host.newLink() })}\n`);
