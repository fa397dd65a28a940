/** `starling stop`: ends the Starling of a home, in order. */
import { runningHost } from '../host/process/lock-file.ts';
import { ask } from '../link/ask.ts';
import { homeOf } from '../link/home.ts';
import { listeningHost } from '../link/launch.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { reachable } from './reach.ts';

const ASK_MS = 5000;
/** Longer than it takes in order, with a slow disk. */
const END_MS = 30_000;
const LOOK_EVERY_MS = 50;

export const command: Command = {
  help: `Usage: starling stop [options]

Ends Starling, downloads and seeding with it. What is there is recorded first.

Options:
  --home DIR  the Starling of this home folder
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { home: { type: 'string' } });
    if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
    const home = homeOf(values.home);
    const host = await reachable(() => listeningHost(home));
    if (host === null) {
      console.log('Starling does not run.');
      return 0;
    }
    await reachable(() => ask(host, { path: '/local/stop', timeoutMs: ASK_MS }));
    for (const deadline = performance.now() + END_MS; performance.now() < deadline;) {
      if ((await runningHost(home))?.secret !== host.secret) {
        console.log('Starling has ended.');
        return 0;
      }
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
    }
    throw new CommandError(`Starling (process ${host.pid}) has not ended yet. End it with the means of your system.`);
  },
};
