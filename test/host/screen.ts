/** A screen of its own, on which a dialog can be answered as a person would. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { until } from './temp.ts';

const has = (command: string): boolean => spawnSync('which', [command], { stdio: 'ignore' }).status === 0;

export const canShow = ['Xvfb', 'xdotool', 'zenity'].every(has);

export interface Screen {
  readonly env: NodeJS.ProcessEnv;
  /** Waits for the window of that name, and gives it the keyboard. */
  focus(name: string): Promise<void>;
  /** What is on the screen of that name. */
  windows(name: string): readonly string[];
  type(text: string): void;
  key(name: string): void;
}

export async function openScreen(): Promise<Screen> {
  // Without -noreset it begins anew whenever its last client has gone, and loses the one that comes just then.
  const server = spawn('Xvfb', ['-displayfd', '3', '-noreset', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void server.kill());
  const [number] = (await once(server.stdio[3]!, 'data')) as [Buffer];
  const env = { ...process.env, DISPLAY: `:${String(number).trim()}`, WAYLAND_DISPLAY: '', XDG_CURRENT_DESKTOP: '' };
  const press = (...args: string[]): void => void execFileSync('xdotool', args, { env });
  const windows = (name: string): readonly string[] => {
    const { stdout } = spawnSync('xdotool', ['search', '--onlyvisible', '--name', name], { env, encoding: 'utf8' });
    return stdout.split('\n').filter(id => id !== '');
  };
  return {
    env,
    windows,
    async focus(name) {
      const id = await until(() => windows(name)[0], `a window ${name}`, 30_000);
      await until(() => {
        spawnSync('xdotool', ['windowfocus', id], { env });
        return spawnSync('xdotool', ['getwindowfocus'], { env, encoding: 'utf8' }).stdout.trim() === id;
      }, 'the keyboard');
    },
    type: text => press('type', '--delay', '20', text),
    key: name => press('key', name),
  };
}
