/**
 * What a person sets for the host itself, from the app: `settings.json` in its home. What is no setting is kept under another name before
 * anything is written.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { type HostSettings, MAX_EXIT_AFTER } from '../../wire/control.ts';
import { MAX_ROOTS } from '../../wire/control-codec.ts';
import { type Condition, copyAside, jsonOf, KeptFile } from './kept-file.ts';
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
  /** The names of what is no such setting. */
  readonly wrong: readonly string[];
}

export class Settings {
  private readonly file: KeptFile<Reading>;
  private readonly log: Log;
  private current: HostSettings;
  private trouble: string;
  private listeners: ((before: HostSettings) => void)[] = [];

  private constructor(file: KeptFile<Reading>, log: Log, problem: string) {
    this.file = file;
    this.log = log;
    this.current = file.value?.settings ?? DEFAULT_HOST_SETTINGS;
    this.trouble = problem;
  }

  /** What cannot be used is as it is without a file, and {@link problem} says so. */
  static async open(home: string, log: Log): Promise<Settings> {
    const complain = (text: string): void => log('warn', text);
    const file = await KeptFile.open({
      path: join(home, 'settings.json'),
      parse: jsonOf(read),
      what: 'The list of settings',
      complain,
    });
    const wrong = file.value?.wrong ?? [];
    // The others are in force, and a person may have written this by hand: it is not lost to the next change.
    if (file.condition === 'whole' && wrong.length > 0 && !(await copyAside(file.path)))
      log('warn', 'settings that cannot be used could not be kept aside');
    if (wrong.length > 0) log('warn', 'some settings cannot be used', { settings: wrong.join(', ') });
    return new Settings(file, log, problemOf(file.condition, wrong));
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
    await this.save();
    return this.trouble;
  }

  private async save(): Promise<void> {
    try {
      await this.file.write(() => `${JSON.stringify(this.current, null, 2)}\n`);
      this.trouble = '';
    } catch {
      this.log('error', 'the settings cannot be saved');
      this.trouble = 'The settings hold until the helper stops, but could not be saved: its home folder cannot be written to.';
    }
  }
}

function problemOf(condition: Condition, wrong: readonly string[]): string {
  switch (condition) {
    case 'lost':
      return 'The settings of the helper were damaged, so they are as they were at first.';
    case 'older':
      return 'The settings of the helper were damaged. Those before the last change are used.';
    case 'whole':
    case 'absent':
      return wrong.length === 0
        ? ''
        : `Not all settings of the helper can be used, and these are as they were at first: ${wrong.join(', ')}.`;
    default:
      return condition satisfies never;
  }
}

function read(value: unknown): Reading | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
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
