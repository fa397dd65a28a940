/** The dialog for a folder on the host's own screen. */
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pickFolder, type Picked } from '../../daemon/host/folders/folder-picker.ts';
import { pick } from './folders.ts';
import { control, pair, testHost } from './host.ts';
import { canShow, openScreen } from './screen.ts';
import { tempFolder, until } from './temp.ts';

const TITLE = 'Starling: choose a folder';
const open = new AbortController().signal;

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!canShow)('a real dialog (skipped without zenity, Xvfb and xdotool)', () => {
  it('gives the folder that is chosen, and tells that none was', async () => {
    const screen = await openScreen();
    const folder = join(realpathSync(tempFolder()), 'Films & more $HOME');
    mkdirSync(folder);
    // A key may come before the dialog listens: it is pressed until the dialog has gone.
    const end = (key: string): Promise<unknown> =>
      until(() => {
        const isOpen = screen.windows(TITLE).length > 0;
        if (isOpen) screen.key(key);
        return !isOpen;
      }, 'the end of the dialog');
    // It opens in the home folder. A path typed into it may lose a key.
    vi.stubEnv('HOME', folder);
    const chosen = pickFolder(open, screen.env);
    await screen.focus(TITLE);
    await end('Return');
    expect(await chosen).toEqual({ outcome: 'picked', path: folder });
    const none = pickFolder(open, screen.env);
    await screen.focus(TITLE);
    await end('Escape');
    expect(await none).toEqual({ outcome: 'cancelled' });
  });

  it('is open once, on whichever connection asks, and closes with the one that did', async () => {
    const screen = await openScreen();
    vi.stubEnv('DISPLAY', screen.env['DISPLAY']);
    vi.stubEnv('WAYLAND_DISPLAY', '');
    vi.stubEnv('XDG_CURRENT_DESKTOP', '');
    const host = await testHost();
    const client = await control(host, await pair(host));
    await client.welcome();
    const answer = pick(client);
    await until(() => screen.windows(TITLE).length, 'the dialog');
    expect(await pick(client)).toMatchObject({ status: 'busy' });
    await until(() => screen.windows(TITLE).length === 1, 'the one dialog');
    client.ws.close();
    await until(() => screen.windows(TITLE).length === 0, 'no dialog');
    answer.catch(() => undefined);
  });
});

/** A folder with programs of these names, each a shell script. */
function programs(scripts: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const bin = tempFolder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: bin, DISPLAY: ':1', HOME: '/' };
}

describe.skipIf(process.platform !== 'linux')('what the programs for dialogs say', () => {
  const picked = (scripts: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}): Promise<Picked> =>
    pickFolder(open, { ...programs(scripts), ...env });

  it('is told apart: a folder, none, no screen, no program, and what goes wrong', async () => {
    expect(await picked({ zenity: 'echo "/a folder"' })).toEqual({ outcome: 'picked', path: '/a folder' });
    expect(await picked({ zenity: "printf '/a\\nb \\n'" })).toEqual({ outcome: 'picked', path: '/a\nb ' });
    expect(await picked({ zenity: 'exit 1' })).toEqual({ outcome: 'cancelled' });
    expect(await picked({ zenity: 'exit 255' })).toEqual({ outcome: 'failed' });
    expect(await picked({ zenity: 'exit 0' })).toEqual({ outcome: 'failed' });
    expect(await picked({ zenity: 'kill -9 $$' })).toEqual({ outcome: 'failed' });
    expect(await picked({ zenity: 'echo "cannot open display: :1" >&2; exit 1' })).toEqual({ outcome: 'none' });
    expect(await picked({ zenity: 'echo "Failed to open display" >&2; exit 1' })).toEqual({ outcome: 'none' });
    expect(await picked({})).toEqual({ outcome: 'none' });
    expect(await picked({ zenity: 'echo /a' }, { DISPLAY: '' })).toEqual({ outcome: 'none' });
  });

  it('comes from the one of the desktop, or from the other where that is missing', async () => {
    const both = { zenity: 'echo /zenity', kdialog: 'echo /kdialog' };
    expect(await picked(both)).toMatchObject({ path: '/zenity' });
    expect(await picked(both, { XDG_CURRENT_DESKTOP: 'KDE' })).toMatchObject({ path: '/kdialog' });
    expect(await picked({ kdialog: 'echo /kdialog' })).toMatchObject({ path: '/kdialog' });
    expect(await picked({ zenity: 'echo /zenity' }, { XDG_CURRENT_DESKTOP: 'KDE' })).toMatchObject({ path: '/zenity' });
  });

  it('is waited for so long, and no more of it read than a path can be', async () => {
    const env = programs({ zenity: 'exec /bin/sleep 60' });
    expect(await pickFolder(open, env, 200)).toEqual({ outcome: 'timeout' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    expect(await pickFolder(abort.signal, env)).toEqual({ outcome: 'cancelled' });
    expect((await picked({ zenity: 'while :; do echo 0123456789; done' })).outcome).not.toBe('picked');
  });
});
