/** `config.json` in the home: what only the owner of this computer may set, never a page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import { hasCode } from './durable.ts';
import { reasonOf, StartError } from '../errors.ts';

const range = v.pipe(
  v.string(),
  v.check(text => {
    try {
      ipaddr.parseCIDR(text);
      return true;
    } catch {
      return false;
    }
  }, 'must be an address range such as 192.168.0.0/16'),
);

const idleSeconds = v.pipe(v.number('must be a number'), v.integer('must be whole'), v.minValue(1, 'must be at least 1'));

const schema = v.strictObject({
  network: v.optional(
    v.strictObject({ allow: v.optional(v.array(range), []), portMapping: v.optional(v.boolean('must be true or false'), true) }),
    {},
  ),
  io: v.optional(v.strictObject({ idleSeconds: v.optional(idleSeconds, 120) }), {}),
});

export interface Config {
  /** CIDR ranges that the io-daemon may reach although they are refused by default. */
  readonly allow: readonly string[];
  /** Whether the router may be asked to open ports. */
  readonly portMapping: boolean;
  /** After how many ms without work the io-daemon ends itself. */
  readonly idleMs: number;
}

/** @throws {StartError} naming the file and the key that is wrong */
export async function readConfig(home: string): Promise<Config> {
  const path = join(home, 'config.json');
  let value: unknown = {};
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new StartError(`${path} is not valid JSON: ${error.message}`);
    if (!hasCode(error, 'ENOENT')) throw new StartError(`${path} cannot be read: ${reasonOf(error) ?? String(error)}.`);
  }
  if (Array.isArray(value)) throw new StartError(`${path} must hold one JSON object.`);
  const result = v.safeParse(schema, value);
  if (!result.success) {
    const [issue] = result.issues;
    const key = v.getDotPath(issue);
    const why = issue.expected === 'never' ? 'is not a setting that Starling knows' : issue.message;
    throw new StartError(`${path}: ${key ? `"${key}" ` : ''}${why}`);
  }
  const { allow, portMapping } = result.output.network;
  return { allow, portMapping, idleMs: result.output.io.idleSeconds * 1000 };
}
