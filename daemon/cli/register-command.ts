import type { Command } from './command.ts';
import { register } from './register.ts';

export const command: Command = {
  help: `Usage: starling register [options]

Lets this system open magnet links and torrent files with Starling. Where another program opens them it is named, and stays
unless you say otherwise. What was before is kept, for unregister. Register again after Node.js or Starling has moved.

Options:
  --take      open them with Starling, whichever program does so now
  --home DIR  open them with the Starling of this home folder
`,
  run: (args, programs) => register('register', args, programs),
};
