/** Another client altogether: aria2. It finds its peers by trackers alone, and tells them of itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';

export const haveAria2 = (): boolean => existsSync('/usr/bin/aria2c');

const OPTIONS = [
  '--enable-dht=false',
  '--enable-dht6=false',
  '--bt-enable-lpd=false',
  '--enable-peer-exchange=false',
  '--listen-port=20000-60000',
  '--file-allocation=none',
  '--console-log-level=warn',
  '--no-conf=true',
];
/** Of aria2's encryption: nothing but RC4. */
const ENCIPHERED = ['--bt-force-encryption=true'];

function run(options: readonly string[], torrent: string): { child: ChildProcess; said: () => string } {
  const child = spawn('aria2c', [...OPTIONS, ...options, torrent], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  return { child, said: () => said.slice(-4000) };
}

/** Fetches all of it through its trackers into `dir`; fails with what aria2 said. */
export async function aria2Fetch(torrent: string, dir: string, timeoutSeconds: number, enciphered = false): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const options = [`--dir=${dir}`, '--seed-time=0', `--stop=${timeoutSeconds}`, ...(enciphered ? ENCIPHERED : [])];
  const { child, said } = run(options, torrent);
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`aria2c ended with ${String(code)}:\n${said()}`);
}

/** Seeds what is in `dir`, once it has checked it; the way to end it is given. */
export function aria2Seed(torrent: string, dir: string, enciphered = false): () => Promise<void> {
  const options = [`--dir=${dir}`, '--check-integrity=true', '--seed-ratio=0.0', ...(enciphered ? ENCIPHERED : [])];
  const { child } = run(options, torrent);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  return () => {
    child.kill('SIGKILL');
    return ended;
  };
}
