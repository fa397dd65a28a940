/** `starling status`: whether Starling runs, whose engine is at work, and what becomes of each torrent. */
import * as v from 'valibot';
import { originOf } from '../host/http/request-guard.ts';
import { ask } from '../link/ask.ts';
import { homeOf } from '../link/home.ts';
import { listeningHost } from '../link/launch.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { reachable } from './reach.ts';
import { formatRate, formatSize } from './sizes.ts';

/** Over what the host itself waits for its engine. */
const ASK_MS = 8_000;

const torrent = v.object({
  id: v.string(),
  name: v.string(),
  size: v.number(),
  done: v.number(),
  state: v.string(),
  problem: v.nullable(v.object({ code: v.string() })),
  down: v.number(),
  up: v.number(),
  peers: v.number(),
});
const status = v.object({
  version: v.string(),
  atWork: v.nullable(v.picklist(['app', 'away', 'expected'])),
  torrents: v.nullable(v.array(torrent)),
});
type Status = v.InferOutput<typeof status>;

const WHO = {
  app: 'The app is at work.',
  away: 'No window is open; it goes on by itself.',
  expected: 'No engine is at work yet; one is on its way.',
} as const;
const IDLE = 'No engine is at work just now.';

export const command: Command = {
  help: `Usage: starling status [options]

Says whether Starling runs, whose engine is at work, and what becomes of each torrent. Ends with 1 where it does not run.

Options:
  --json      print one object: sizes in bytes, rates in bytes a second
  --home DIR  the Starling of this home folder
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, { json: { type: 'boolean' }, home: { type: 'string' } });
    if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
    const host = await reachable(() => listeningHost(homeOf(values.home)));
    if (host === null) {
      console.log(values.json ? JSON.stringify({ running: false }) : 'Starling does not run.');
      return 1;
    }
    const { body } = await reachable(() => ask(host, { path: '/local/status', timeoutMs: ASK_MS }));
    const parsed = v.safeParse(status, body);
    if (!parsed.success) throw new CommandError('The Starling that runs is of another version. Stop it and start it again.');
    const origin = originOf(host.port);
    if (values.json) console.log(JSON.stringify({ running: true, pid: host.pid, origin, ...parsed.output }));
    else
      console.log(
        [`Starling ${parsed.output.version} runs at ${origin}/ (process ${host.pid}).`, ...lines(parsed.output)].join('\n'),
      );
    return 0;
  },
};

function lines({ atWork, torrents }: Status): readonly string[] {
  const who = atWork === null ? IDLE : WHO[atWork];
  if (torrents === null) return [who, 'What becomes of the torrents it does not tell just now.'];
  if (torrents.length === 0) return [who, 'There are no torrents.'];
  const rows = torrents.map(each => [
    each.size === 0 ? '' : `${Math.floor((each.done / each.size) * 100)} %`,
    each.size === 0 ? '' : formatSize(each.size),
    each.problem === null ? each.state : `${each.state}: ${each.problem.code}`,
    each.down === 0 ? '' : formatRate(each.down),
    each.up === 0 ? '' : formatRate(each.up),
    each.peers === 0 ? '' : String(each.peers),
    plain(each.name === '' ? each.id : each.name),
  ]);
  const table = [['done', 'size', 'state', 'down', 'up', 'peers', 'name'], ...rows];
  const widths = table[0]!.map((_, at) => Math.max(...table.map(row => row[at]!.length)));
  return [
    who,
    '',
    ...table.map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

/** Names come from strangers: nothing in them moves the cursor. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
