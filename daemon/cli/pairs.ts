/** `starling pairs`: which apps are paired, and the way to take that back, whether or not Starling runs. */
import * as v from 'valibot';
import { makePrivateFolder } from '../host/store/durable.ts';
import { acquire } from '../host/process/lock.ts';
import { type PairedApp, Tokens } from '../host/pairing/tokens.ts';
import { ask } from '../link/ask.ts';
import { homeOf } from '../link/home.ts';
import { listeningHost } from '../link/launch.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { reachable } from './reach.ts';

const ASK_MS = 5000;

const listed = v.object({
  apps: v.array(v.object({ id: v.string(), name: v.string(), origin: v.string(), pairedAt: v.number(), usedAt: v.number() })),
});

export const command: Command = {
  help: `Usage: starling pairs [list] [options]
       starling pairs revoke ID [options]

Lists the apps that may use Starling on this computer, or takes that back from one of them, at once.

Options:
  --home DIR  the Starling of this home folder
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { home: { type: 'string' } });
    const [what = 'list', id, ...more] = positionals;
    const home = homeOf(values.home);
    if (what === 'list' && id === undefined) {
      for (const line of lines(await list(home))) console.log(line);
      return 0;
    }
    if (what !== 'revoke' || id === undefined || more.length > 0) {
      throw new UsageError(what === 'revoke' ? 'An ID is expected, as `starling pairs` lists it' : `Unknown word '${what}'`);
    }
    if (!(await revoke(home, id))) throw new CommandError(`No app with the ID '${id}' is paired. \`starling pairs\` lists them.`);
    console.log('It is paired no more.');
    return 0;
  },
};

async function list(home: string): Promise<readonly PairedApp[]> {
  const host = await reachable(() => listeningHost(home));
  if (host === null) return (await Tokens.open(home)).list;
  const { body } = await reachable(() => ask(host, { path: '/local/pairs', timeoutMs: ASK_MS }));
  return v.parse(listed, body).apps;
}

async function revoke(home: string, id: string): Promise<boolean> {
  const host = await reachable(() => listeningHost(home));
  if (host !== null) {
    const body = Buffer.from(id);
    const { status } = await reachable(() => ask(host, { path: '/local/unpair', type: 'text/plain', body, timeoutMs: ASK_MS }));
    if (status === 503) {
      throw new CommandError(
        'It is let in no more, but that cannot be written: after a restart it would be paired again. ' +
          'Look at the disk of the home folder, and revoke it once more.',
      );
    }
    return status === 200;
  }
  makePrivateFolder(home);
  // None starts while the file is written.
  const lock = await acquire(home);
  if (!('release' in lock)) throw new CommandError('Starling is starting. Try again in a moment.');
  try {
    return await (await Tokens.open(home)).revoke(id);
  } finally {
    await lock.release();
  }
}

/** A line for each; what is not known is a dash. */
function lines(apps: readonly PairedApp[]): readonly string[] {
  if (apps.length === 0) return ['No app is paired.'];
  const day = (time: number): string => (time === 0 ? '-' : new Date(time).toISOString().slice(0, 10));
  const rows = apps.map(({ id, name, origin, pairedAt, usedAt }) => [id, name, day(pairedAt), day(usedAt), origin]);
  const all = [['ID', 'APP', 'PAIRED', 'LAST USED', 'FROM'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)));
  return all.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
