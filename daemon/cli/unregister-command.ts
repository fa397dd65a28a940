import type { Command } from './command.ts';
import { register } from './register.ts';

export const command: Command = {
  help: `Usage: starling unregister [options]

Takes back what register did. What opened magnet links and torrent files before does so again.

Options:
  --home DIR  the home folder that was named to register
`,
  run: (args, programs) => register('unregister', args, programs),
};
