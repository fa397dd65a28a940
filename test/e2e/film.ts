/** A real film, made anew each time: its index stands at the end of the file, as many do. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const haveFfmpeg = (): boolean => spawnSync('ffmpeg', ['-version']).status === 0;

/** So many seconds of a moving test picture with noise and a tone, of about 385 kB a second, into `path`; gives its bytes. */
export function makeFilm(path: string, seconds: number): Buffer {
  const inputs = [`testsrc2=s=320x180:r=25:d=${seconds}`, `sine=frequency=440:duration=${seconds}`];
  const { status, stderr } = spawnSync('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...inputs.flatMap(input => ['-f', 'lavfi', '-i', input]),
    ...['-vf', 'noise=alls=60:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-b:v', '3M', '-c:a', 'aac', path],
  ]);
  if (status !== 0) throw new Error(`ffmpeg: ${stderr.toString()}`);
  return readFileSync(path);
}
