/** Another client altogether: aria2 fetches a torrent and ends. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';

export const haveAria2 = (): boolean => existsSync('/usr/bin/aria2c');

/** Fetches all of it through its trackers into `dir`; fails with what aria2 said. */
export async function aria2Fetch(torrent: string, dir: string, timeoutSeconds: number): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const options = [
    `--dir=${dir}`,
    '--seed-time=0',
    '--enable-dht=false',
    '--enable-dht6=false',
    '--bt-enable-lpd=false',
    '--enable-peer-exchange=false',
    '--listen-port=20000-60000',
    '--file-allocation=none',
    '--console-log-level=warn',
    '--no-conf=true',
    `--stop=${timeoutSeconds}`,
  ];
  const child = spawn('aria2c', [...options, torrent], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`aria2c ended with ${String(code)}:\n${said.slice(-4000)}`);
}
