/**
 * What a person sets for the host itself, from the app: `settings.json` in its home, beside the generation before. A file that is torn is
 * read from that one; what is no setting at all is kept under another name before anything is written.
 */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type HostSettings, MAX_EXIT_AFTER } from '../../wire/control.ts';
import { MAX_ROOTS } from '../../wire/control-codec.ts';
import { hasCode, replaceFile } from './durable.ts';
import type { Log } from '../logs/log.ts';

/** Ms since 1970, as long as dates can be written. */
const time = v.pipe(v.number('must be a number'), v.integer('must be whole'), v.minValue(0), v.maxValue(8.64e15));

/** One more setting is one more line here, in {@link HostSettings} and in the codec. */
const schemas = {
  watched: v.pipe(
    v.array(v.object({ root: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be the token of a folder')), since: time })),
    v.maxLength(MAX_ROOTS, 'is too long'),
  ),
  exitAfter: v.pipe(
    v.number('must be a number'),
    v.integer('must be whole'),
    v.minValue(0),
    v.maxValue(MAX_EXIT_AFTER, 'is too long'),
  ),
  notify: v.boolean('must be true or false'),
} satisfies { readonly [K in keyof HostSettings]: v.GenericSchema<unknown, HostSettings[K]> };

export const DEFAULT_HOST_SETTINGS: HostSettings = { watched: [], exitAfter: 0, notify: true };

/** What a file says, as far as it can be used, and what cannot be. */
interface Reading {
  readonly settings: HostSettings;
  /** The names of what is no such setting; null where the file as a whole is none. */
  readonly wrong: readonly string[] | null;
}

export class Settings {
  private readonly file: string;
  private readonly log: Log;
  private current: HostSettings;
  private saving: Promise<unknown> = Promise.resolve();
  private trouble: string;
  private listeners: ((before: HostSettings) => void)[] = [];

  private constructor(file: string, log: Log, reading: { readonly settings: HostSettings; readonly problem: string }) {
    this.file = file;
    this.log = log;
    this.current = reading.settings;
    this.trouble = reading.problem;
  }

  /** Never fails: what cannot be read is as it is without a file, and {@link problem} says so. */
  static async open(home: string, log: Log): Promise<Settings> {
    const file = join(home, 'settings.json');
    return new Settings(file, log, await load(file, log));
  }

  get value(): HostSettings {
    return this.current;
  }

  /** Why they are not as a person left them, or cannot be kept, in words; empty where all is well. */
  get problem(): string {
    return this.trouble;
  }

  /** Hears of every change. */
  onChange(listener: (before: HostSettings) => void): void {
    this.listeners.push(listener);
  }

  /** They are in force at once; resolves once they are kept, with {@link problem} where not. What is no setting changes nothing. */
  async set(change: Partial<HostSettings>): Promise<string> {
    const parsed = v.safeParse(v.partial(v.strictObject(schemas)), change);
    if (!parsed.success) return 'The helper does not take this setting, so nothing was changed. Reload the app and try again.';
    const before = this.current;
    this.current = { ...before, ...parsed.output };
    for (const listener of this.listeners) listener(before);
    const text = `${JSON.stringify(this.current, null, 2)}\n`;
    const saved = this.saving.then(() => this.save(text));
    this.saving = saved;
    await saved;
    return this.trouble;
  }

  private async save(text: string): Promise<void> {
    try {
      await copyGood(this.file);
      await replaceFile(this.file, text);
      this.trouble = '';
    } catch {
      this.log('error', 'the settings cannot be saved');
      this.trouble = 'The settings hold until the helper stops, but could not be saved: its home folder cannot be written to.';
    }
  }
}

function previousOf(file: string): string {
  return `${file}.previous`;
}

/** The generation before is replaced by one that can be read, never by a torn one. */
async function copyGood(file: string): Promise<void> {
  const text = await textOf(file);
  if (text !== null && read(text).wrong?.length === 0) await replaceFile(previousOf(file), text);
}

async function load(file: string, log: Log): Promise<{ readonly settings: HostSettings; readonly problem: string }> {
  let problem = '';
  for (const path of [file, previousOf(file)]) {
    let text: string | null;
    try {
      text = await textOf(path);
    } catch {
      log('error', 'the settings cannot be read');
      problem = 'The settings of the helper cannot be read, so they are as they were at first.';
      continue;
    }
    // Without a file, the one before was never replaced, or is all there is.
    if (text === null) continue;
    const { settings, wrong } = read(text);
    if (wrong === null) {
      problem = 'The settings of the helper were damaged, so they are as they were at first.';
    } else if (problem !== '') {
      log('warn', 'the settings are damaged; those before them are used');
      return { settings, problem: 'The settings of the helper were damaged. Those before the last change are used.' };
    } else if (wrong.length > 0) {
      problem = `Not all settings of the helper can be used, and these are as they were at first: ${wrong.join(', ')}.`;
      await keepAside(file, log);
      log('warn', 'some settings cannot be used', { settings: wrong.join(', ') });
      return { settings, problem };
    } else {
      return { settings, problem: '' };
    }
    await keepAside(path, log);
  }
  if (problem !== '') log('warn', 'the settings are damaged; the defaults are used');
  return { settings: DEFAULT_HOST_SETTINGS, problem };
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function read(text: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { settings: DEFAULT_HOST_SETTINGS, wrong: null };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { settings: DEFAULT_HOST_SETTINGS, wrong: null };
  }
  const given: Partial<HostSettings> = {};
  const wrong: string[] = [];
  for (const [key, one] of Object.entries(value)) {
    if (!isSetting(key)) {
      wrong.push(key.slice(0, 40));
      continue;
    }
    const parsed = v.safeParse(schemas[key], one);
    if (parsed.success) Object.assign(given, { [key]: parsed.output });
    else wrong.push(key);
  }
  return { settings: { ...DEFAULT_HOST_SETTINGS, ...given }, wrong };
}

function isSetting(key: string): key is keyof HostSettings {
  return Object.hasOwn(schemas, key);
}

/** What a person may have written by hand is not lost to the next change. */
async function keepAside(path: string, log: Log): Promise<void> {
  try {
    await copyFile(path, `${path}.damaged`);
  } catch {
    log('warn', 'damaged settings could not be kept aside');
  }
}
