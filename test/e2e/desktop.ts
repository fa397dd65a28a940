/** The desktop of a person of our own: what it is set to stands in a folder, and its browser writes down what it is to open. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What kinds of files there are is the system's. */
export const MIME_TYPES = '/usr/share/mime';

export class Desktop {
  /** What runs on it is started with this. */
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;

  /** `display`: of the X server, such as `:99`; none need be there for what opens a browser alone. */
  constructor(folder: string, display: string) {
    this.#folder = folder;
    mkdirSync(join(folder, 'shared'), { recursive: true });
    if (existsSync(MIME_TYPES)) symlinkSync(MIME_TYPES, join(folder, 'shared/mime'));
    writeFileSync(join(folder, 'browser'), `#!/bin/sh\necho "$1" >> ${join(folder, 'opened')}\n`, { mode: 0o755 });
    this.env = {
      ...process.env,
      CI: '',
      DISPLAY: display,
      HOME: folder,
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_DATA_DIRS: join(folder, 'shared'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_CONFIG_DIRS: join(folder, 'shared'),
      XDG_CURRENT_DESKTOP: '',
      BROWSER: join(folder, 'browser'),
    };
    for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR']) delete this.env[name];
  }

  /** What the browser was to open, in its order. */
  get opened(): readonly string[] {
    const file = join(this.#folder, 'opened');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Takes programs away from what is started from now on. */
  without(names: readonly string[]): this {
    const programs = join(this.#folder, 'programs');
    mkdirSync(programs);
    for (const folder of (process.env['PATH'] ?? '').split(':')) {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        if (!names.includes(name) && !existsSync(join(programs, name))) symlinkSync(join(folder, name), join(programs, name));
      }
    }
    this.env['PATH'] = programs;
    return this;
  }
}
