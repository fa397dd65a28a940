/**
 * Stands in for the io-daemon: talks the lines of daemon/wire/child.ts and nothing else.
 * Arguments: a mode, and a file that gets its process id and what it hears from its host. Modes: `ok`; `crash` ends at
 * once; `deaf` never listens; `numb` reads no line after the first; `stubborn` heeds neither stop nor SIGTERM, but ends with its stdin; `idle` says that it is
 * idle after it was admitted; `idle-once` does so too, unless one wrote to that file before; `babble` says what no
 * contract knows, first; `mute` tells no figures; `leaky` repeats on stderr, in several ways, all that it hears.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [mode = 'ok', heardFile] = process.argv.slice(2);
const say = message => process.stdout.write(`${JSON.stringify(message)}\n`);

if (mode === 'crash') process.exit(3);
if (mode === 'stubborn') process.on('SIGTERM', () => undefined);

if (mode === 'babble') process.stdout.write('[1]\nnot json\n{"type":"listening","port":70000}\n{"type":"??"}\n');

const isFirst = !heardFile || !existsSync(heardFile) || readFileSync(heardFile, 'utf8') === '';
if (heardFile) writeFileSync(heardFile, `{"pid":${process.pid}}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('line', line => {
  if (heardFile) appendFileSync(heardFile, `${line}\n`);
  const message = JSON.parse(line);
  if (mode === 'leaky') {
    process.stderr.write(`${line}\n${JSON.stringify({ level: 50, msg: line, ...message })}\n`);
    for (const { path } of message.roots ?? []) process.stderr.write(`ENOENT: no such file, open '${path}/My Film.mkv'\n`);
  }
  if (mode === 'numb') process.stdin.pause();
  if (message.type === 'start' && mode !== 'deaf') say({ type: 'listening', port: 40_000 });
  if (message.type === 'figures' && mode !== 'mute') {
    const odd = { 'a "b" \\ c\n d': 1 };
    const figures = [
      { name: 'hash_queue', help: 'Jobs that wait', label: '', values: { '': 7 } },
      { name: 'connect_total', help: 'By how it ended', label: 'result', values: odd },
    ];
    say({ type: 'figures', figures });
  }
  if (message.type === 'admit') {
    say({ type: 'admitted', epoch: message.epoch });
    if (mode === 'idle' || (mode === 'idle-once' && isFirst)) {
      say({ type: 'idle' });
      process.exit(0);
    }
  }
  if (message.type === 'stop' && mode !== 'stubborn') process.exit(0);
});
lines.on('close', () => process.exit(0));
process.stderr.write('{"msg":"fake io-daemon"}\n');
