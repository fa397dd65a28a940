/** `starling open`: opens the app in the browser, and starts Starling where it does not run. */
import { hasScreen } from '../host/screen/screen.ts';
import { homeOf } from '../link/home.ts';
import { hostOf } from '../link/launch.ts';
import { newLinkOf } from '../link/new-link.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { lead, reachable } from './reach.ts';

export const command: Command = {
  help: `Usage: starling open [options]

Opens Starling in the browser, paired. Where it does not run it is started, and goes on when the terminal is closed.

Options:
  --home DIR  the Starling of this home folder
`,
  async run(args, programs) {
    const { values, positionals } = parseOptions(args, { home: { type: 'string' } });
    if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
    const host = await reachable(() => hostOf(homeOf(values.home), programs.folder));
    const link = await newLinkOf(host, hasScreen(process.env));
    if (link === null)
      throw new CommandError(`The Starling that runs (process ${host.pid}) does not answer. End it and try again.`);
    await lead(link, true);
    return 0;
  },
};
