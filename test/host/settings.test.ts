import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Settings } from '../../daemon/host/store/settings.ts';
import { type ControlFrame, ControlOp, type HostSettings } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import { control, pair, testHost } from './host.ts';
import { tempFolder } from './temp.ts';

type Told = Extract<ControlFrame, { op: typeof ControlOp.HOST_SETTINGS }>;

const told =
  (id: number, fits: (frame: Told) => boolean = () => true) =>
  (frame: ControlFrame | Frame): frame is Told =>
    frame.op === ControlOp.HOST_SETTINGS && frame.id === id && fits(frame);

const silent = (): void => undefined;
const watch = (...roots: string[]): HostSettings => ({
  watched: roots.map(root => ({ root: root.repeat(64), since: 5 })),
  exitAfter: 0,
  notify: true,
});

describe('the settings of the host', () => {
  it('are told, set, told to who asked and to who did not, and there after a restart', async () => {
    const host = await testHost();
    const token = await pair(host);
    const client = await control(host, token);
    expect(await client.find(told(0))).toMatchObject({ settings: { watched: [] }, problem: '' });
    client.send({ op: ControlOp.HOST_SETTINGS_SET, id: 7, change: watch('a') });
    expect(await client.find(told(7))).toMatchObject({ settings: watch('a'), problem: '' });
    await client.find(told(0, ({ settings }) => settings.watched.length === 1));
    client.send({ op: ControlOp.HOST_SETTINGS_SET, id: 8, change: {} });
    expect(await client.find(told(8))).toMatchObject({ settings: watch('a'), problem: '' });
    await host.stop();
    const again = await testHost({ home: host.home });
    const back = await control(again, await pair(again));
    expect(await back.find(told(0))).toMatchObject({ settings: watch('a'), problem: '' });
  });

  it('stay as they are where what comes is none', async () => {
    const host = await testHost();
    const client = await control(host, await pair(host));
    for (const [id, root] of ['', '../etc', 'A'.repeat(64), 'a'.repeat(65)].entries()) {
      client.send({ op: ControlOp.HOST_SETTINGS_SET, id: id + 1, change: { watched: [{ root, since: 1 }] } });
      expect(await client.find(told(id + 1))).toMatchObject({
        settings: { watched: [] },
        problem: expect.stringContaining('nothing was changed') as string,
      });
    }
    expect(existsSync(join(host.home, 'settings.json'))).toBe(false);
  });

  it('are those before the last change where the file is torn, at whatever byte', async () => {
    const home = tempFolder();
    const file = join(home, 'settings.json');
    const settings = await Settings.open(home, silent);
    await settings.set(watch('a'));
    await settings.set(watch('b'));
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length - 2; length += 7) {
      writeFileSync(file, whole.subarray(0, length));
      const torn = await Settings.open(home, silent);
      expect(torn.value).toEqual(watch('a'));
      expect(torn.problem).toContain('Those before the last change are used');
      expect(readFileSync(`${file}.damaged`)).toEqual(whole.subarray(0, length));
      rmSync(`${file}.damaged`);
    }
    // A torn one never takes the place of the generation before.
    const torn = await Settings.open(home, silent);
    expect(await torn.set(watch('c'))).toBe('');
    rmSync(file);
    expect((await Settings.open(home, silent)).value).toEqual(watch('a'));
  });

  it('are as at first where nothing can be read, and what was there is kept', async () => {
    const home = tempFolder();
    const file = join(home, 'settings.json');
    writeFileSync(file, 'watched = yes');
    writeFileSync(`${file}.previous`, '[]');
    const settings = await Settings.open(home, silent);
    expect(settings.value).toEqual({ watched: [], exitAfter: 0, notify: true });
    expect(settings.problem).toContain('as they were at first');
    await settings.set(watch('a'));
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('watched = yes');
    expect(await Settings.open(home, silent)).toMatchObject({ value: watch('a'), problem: '' });
  });

  it('lose only the ones that cannot be, by name', async () => {
    const home = tempFolder();
    const file = join(home, 'settings.json');
    const written = JSON.stringify({ ...watch('a'), colour: 'red' });
    writeFileSync(file, written);
    const settings = await Settings.open(home, silent);
    expect(settings.value).toEqual(watch('a'));
    expect(settings.problem).toContain('colour');
    await settings.set(watch('b'));
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(written);
    const other = JSON.stringify({ watched: 'everything' });
    writeFileSync(file, other);
    expect(await Settings.open(home, silent)).toMatchObject({
      value: { watched: [], exitAfter: 0, notify: true },
      problem: expect.stringContaining('watched') as string,
    });
    // What was kept of the first stays, and the second is kept once, however often it is read.
    for (let time = 0; time < 2; time++) await Settings.open(home, silent);
    const kept = readdirSync(home).filter(name => name.includes('damaged'));
    expect(kept.sort().map(name => readFileSync(join(home, name), 'utf8'))).toEqual([written, other]);
  });

  it('hold until the end where they cannot be saved, which is said', async () => {
    const home = join(tempFolder(), 'gone');
    const settings = await Settings.open(home, silent);
    expect(await settings.set(watch('a'))).toContain('could not be saved');
    expect(settings.value).toEqual(watch('a'));
  });
});
