import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Command, commandFor, Notifier, NOTIFY_EVERY, runCommand } from '../../daemon/host/screen/notifier.ts';
import { VirtualClock } from '../sim/clock.ts';
import { tempFolder } from './temp.ts';

/** A name that means something to a shell, to a script, to markup and to options. */
const HOSTILE = `--hint=x "$(touch /tmp/x)"; \`id\`' <img src="http://x/"> & \\74b\\76 \u202e\n\u001b[2J end`;

function setUp({ platform = 'linux', problem = '' }: { platform?: NodeJS.Platform; problem?: string } = {}) {
  const clock = new VirtualClock();
  const ran: Command[] = [];
  const logged: string[] = [];
  const wish = { isWanted: true };
  const notifier = new Notifier({
    platform,
    isWanted: () => wish.isWanted,
    run: command => {
      ran.push(command);
      return Promise.resolve(problem);
    },
    after: (ms, act) => {
      let isOn = true;
      clock.after(ms, () => isOn && act());
      return () => (isOn = false);
    },
    log: (_level, text) => logged.push(text),
  });
  const said = (): string[] => ran.map(({ args }) => args.at(-1) ?? '');
  return { clock, notifier, ran, logged, said, wish };
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('the notifier', () => {
  it('tells the first at once, and what follows together', () => {
    const { clock, notifier, said } = setUp();
    notifier.happened({ name: 'One', what: 'completed' });
    expect(said()).toEqual(['“One” was finished.']);
    for (let number = 0; number < 500; number++) notifier.happened({ name: `More ${number}`, what: 'failed' });
    expect(said()).toHaveLength(1);
    clock.run(NOTIFY_EVERY);
    expect(said()[1]).toBe('“More 0” was stopped and needs you. 499 more changed as well.');
    clock.run(NOTIFY_EVERY * 5);
    expect(said()).toHaveLength(2);
    notifier.happened({ name: 'Last', what: 'completed' });
    expect(said()).toHaveLength(3);
  });

  it('tells nothing of what happens while nobody wants to be told, also once somebody does', () => {
    const { clock, notifier, said, wish } = setUp();
    notifier.happened({ name: 'One', what: 'completed' });
    notifier.happened({ name: 'Two', what: 'completed' });
    wish.isWanted = false;
    clock.run(NOTIFY_EVERY);
    notifier.happened({ name: 'Three', what: 'failed' });
    wish.isWanted = true;
    clock.run(NOTIFY_EVERY * 5);
    expect(said()).toHaveLength(1);
    notifier.happened({ name: 'Four', what: 'completed' });
    expect(said().at(-1)).toBe('“Four” was finished.');
  });

  it('logs once that nothing can be shown, and goes on', async () => {
    for (const how of [{ problem: 'ENOENT' }, { platform: 'aix' as const }]) {
      const { clock, notifier, logged } = setUp(how);
      for (let time = 0; time < 3; time++) {
        notifier.happened({ name: 'One', what: 'completed' });
        clock.run(NOTIFY_EVERY);
        await settled();
      }
      expect(logged).toEqual(['nothing can be shown on the screen']);
    }
  });

  it.each(['linux', 'darwin', 'win32'] as const)('keeps a name out of options, markup and scripts on %s', platform => {
    const { notifier, ran } = setUp({ platform });
    notifier.happened({ name: HOSTILE, what: 'completed' });
    const { args, env } = ran[0]!;
    const text = platform === 'win32' ? (env['STARLING_TEXT'] ?? '') : (args.at(-1) ?? '');
    expect(text).toMatch(/^“--hint=x /);
    expect(text).not.toMatch(/[\u0000-\u001f\u202e]/);
    if (platform === 'linux') expect(text).toContain('&lt;img src="http://x/"&gt; &amp; \\\\74b\\\\76 ');
    if (platform === 'linux') expect(args.indexOf('--')).toBe(args.length - 3);
    // The scripts are ours, word for word.
    const script = args.slice(0, platform === 'win32' ? undefined : -1);
    expect(script.join(' ')).not.toContain('hint');
    expect(script).toEqual(commandFor(platform, '')?.args.slice(0, script.length));
  });

  it.skipIf(process.platform === 'win32')(
    'runs the program with its arguments as they are, and says where there is none',
    async () => {
      const folder = tempFolder();
      const program = join(folder, 'notify-send');
      writeFileSync(program, '#!/bin/sh\nfor a in "$@"; do printf "%s\\0" "$a"; done > "$0.args"\n');
      chmodSync(program, 0o700);
      const { PATH } = process.env;
      onTestFinished(() => void (process.env['PATH'] = PATH));
      process.env['PATH'] = `${folder}${delimiter}${PATH ?? ''}`;
      const command = commandFor('linux', HOSTILE)!;
      expect(await runCommand(command)).toBe('');
      expect(readFileSync(`${program}.args`, 'utf8').split('\0').slice(0, -1)).toEqual(command.args);
      expect(await runCommand({ ...command, program: join(folder, 'nothing') })).toBe('ENOENT');
    },
  );
});
