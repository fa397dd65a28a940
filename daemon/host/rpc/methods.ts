/** What can be asked for: docs/RPC.md describes each, and a test holds the page to this table. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { settingsSchema } from '../../../sw/commands.ts';
import { MIN_RATE, type Settings, type TorrentDetail, type TorrentId, type TorrentRow } from '../../../sw/view-model.ts';
import type { Added, Command, Source } from '../../../sw/api.ts';
import { Refused } from './engine-client.ts';
import { type Call, RpcCode, RpcError } from './json-rpc.ts';
import { snakeCase, toCamelCase, toSnakeCase } from './names.ts';
import { sentenceOf } from './problems.ts';

export interface Engine {
  /** @throws {Refused} */
  run(command: Command): Promise<Added | null>;
  rows(): readonly TorrentRow[];
  detail(id: TorrentId): TorrentDetail | null;
  settings(): Settings;
  /** The token of the folder that downloads go to. */
  root(): string;
  /** A torrent is tried again because somebody asked for it. */
  triedAgain(id: TorrentId): void;
  /** Begins the end; what was asked before is finished. */
  shutdown(): void;
}

/** Bytes of a file that is to be a torrent; the engine's own limit is lower and says why. */
const MAX_FILE = 32 << 20;

interface Method {
  /** What params look like, for who got them wrong. */
  readonly usage: string;
  call(params: unknown, engine: Engine): Promise<object>;
}

function method<S extends v.GenericSchema>(
  usage: string,
  schema: S,
  act: (engine: Engine, params: v.InferOutput<S>) => Promise<object> | object,
): Method {
  return {
    usage,
    async call(params, engine) {
      const parsed = v.safeParse(schema, params);
      if (!parsed.success) throw invalidParams(parsed.issues[0], usage);
      return act(engine, parsed.output);
    },
  };
}

const infoHash = v.pipe(
  v.string(),
  v.regex(/^[0-9A-Fa-f]{40}$/, 'an info-hash is 40 hex digits'),
  v.transform(text => text.toLowerCase()),
);
const ofTorrent = v.strictObject({ info_hash: infoHash });
const paused = v.optional(v.boolean(), false);
const rate = v.optional(
  v.pipe(
    v.number(),
    v.integer(),
    v.maxValue(1e10),
    v.check(value => value === 0 || value >= MIN_RATE, `a limit is 0, or at least ${MIN_RATE} bytes a second`),
  ),
);
const OF_TORRENT = '{"info_hash": "<40 hex digits>"}';

const SETTINGS_USAGE = '{"max_connections": 100}, any of what get_settings answers';
const SETTINGS: readonly string[] = Object.keys(settingsSchema.entries).map(snakeCase);

function hasOnlySettings(params: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(params).every(name => SETTINGS.includes(name));
}

function unknownSetting({ input }: { readonly input: Readonly<Record<string, unknown>> }): string {
  const unknown = Object.keys(input).find(name => !SETTINGS.includes(name)) ?? '';
  return `there is no setting ${JSON.stringify(unknown.slice(0, 100))}`;
}

export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    add_magnet: method(
      '{"uri": "magnet:?xt=urn:btih:…", "paused": false}',
      v.strictObject({ uri: v.pipe(v.string(), v.maxLength(64 << 10)), paused }),
      (engine, { uri, paused: isPaused }) => add(engine, { kind: 'magnet', uri }, isPaused),
    ),
    add_torrent: method(
      '{"path": "/a/file.torrent"} or {"base64": "…"}, with "paused": false',
      v.union([
        v.strictObject({ path: v.pipe(v.string(), v.nonEmpty()), paused }),
        v.strictObject({ base64: v.string(), paused }),
      ]),
      async (engine, params) => {
        const bytes = 'path' in params ? await fileAt(params.path) : bytesOf(params.base64);
        return add(engine, { kind: 'file', bytes }, params.paused);
      },
    ),
    add_peer: method(
      '{"info_hash": "<40 hex digits>", "host": "198.51.100.7", "port": 6881}',
      v.strictObject({
        info_hash: infoHash,
        host: v.pipe(v.string(), v.maxLength(255)),
        port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
      }),
      (engine, { info_hash: id, host, port }) => done(engine.run({ do: 'addPeer', id, host, port })),
    ),
    get_status: method(
      '{} for all torrents, or {"info_hash": "<40 hex digits>"}',
      v.strictObject({ info_hash: v.optional(infoHash) }),
      (engine, { info_hash: id }) => {
        const listed = engine
          .rows()
          .filter(row => row.state !== 'adding' && row.state !== 'leaving' && (id === undefined || row.id === id));
        if (id !== undefined && listed.length === 0) throw new Refused('no-such-torrent', 'No such torrent is in the list.');
        return { torrents: listed.map(statusOf) };
      },
    ),
    pause: method(OF_TORRENT, ofTorrent, (engine, { info_hash: id }) => done(engine.run({ do: 'pause', ids: [id] }))),
    resume: method(OF_TORRENT, ofTorrent, (engine, { info_hash: id }) => {
      engine.triedAgain(id);
      return done(engine.run({ do: 'resume', ids: [id] }));
    }),
    remove: method(
      '{"info_hash": "<40 hex digits>", "delete_data": false}',
      v.strictObject({ info_hash: infoHash, delete_data: v.optional(v.boolean(), false) }),
      (engine, { info_hash: id, delete_data: withData }) => done(engine.run({ do: 'remove', ids: [id], withData })),
    ),
    set_files: method(
      '{"info_hash": "<40 hex digits>", "files": [0, 2], "priority": "skip"}, or low, normal, high, first',
      v.strictObject({
        info_hash: infoHash,
        files: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000))), v.maxLength(1_000_000)),
        priority: v.picklist(['skip', 'low', 'normal', 'high', 'first']),
      }),
      (engine, { info_hash: id, files, priority }) => {
        const count = engine.detail(id)?.files.length ?? 0;
        const beyond = files.find(file => file >= count);
        if (beyond !== undefined && engine.detail(id) !== null) {
          throw new Refused(
            'no-such-file',
            count === 0 ? 'The files of this torrent are not known yet.' : `It has ${count} files, and none of number ${beyond}.`,
          );
        }
        return done(engine.run({ do: 'prioritise', id, files, priority }));
      },
    ),
    set_limits: method(
      '{"info_hash": "<40 hex digits>", "down_limit": 100000, "up_limit": 0}, without info_hash for all together',
      v.strictObject({ info_hash: v.optional(infoHash), down_limit: rate, up_limit: rate }),
      (engine, { info_hash: id, down_limit: down, up_limit: up }) => {
        const limits = { ...(down === undefined ? {} : { downLimit: down }), ...(up === undefined ? {} : { upLimit: up }) };
        if (id === undefined) return done(engine.run({ do: 'configure', settings: limits }));
        return done(engine.run({ do: 'set', ids: [id], options: limits }));
      },
    ),
    recheck: method(OF_TORRENT, ofTorrent, (engine, { info_hash: id }) => {
      engine.triedAgain(id);
      return done(engine.run({ do: 'recheck', ids: [id] }));
    }),
    get_settings: method('{}', v.strictObject({}), engine => toSnakeCase(engine.settings())),
    set_settings: method(
      SETTINGS_USAGE,
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.check(hasOnlySettings, unknownSetting),
        v.transform(toCamelCase),
        settingsSchema,
      ),
      async (engine, settings) => {
        await engine.run({ do: 'configure', settings });
        return toSnakeCase(engine.settings());
      },
    ),
    shutdown: method('{}', v.strictObject({}), engine => {
      engine.shutdown();
      return {};
    }),
  }),
);

/** The methods, on this engine. */
export function callOn(engine: Engine): Call {
  return async (name, params) => {
    const found = METHODS.get(name);
    if (found === undefined) {
      throw new RpcError(RpcCode.METHOD_NOT_FOUND, `There is no method ${JSON.stringify(name.slice(0, 100))}`, {
        hint: 'Call one of methods.',
        methods: [...METHODS.keys()],
      });
    }
    try {
      return await found.call(params ?? {}, engine);
    } catch (error) {
      throw error instanceof Refused ? refusal(error) : error;
    }
  };
}

async function add(engine: Engine, source: Source, isPaused: boolean): Promise<object> {
  const added = await engine.run({ do: 'add', source });
  if (added === null) throw new Error('an add without an answer');
  const { id, already } = added;
  if (!already) {
    const started = engine.run({ do: 'start', id, priorities: null, root: engine.root() });
    // In one go, so that nothing is begun in between.
    await Promise.all([started, isPaused ? engine.run({ do: 'pause', ids: [id] }) : null]);
  }
  return { info_hash: id, already };
}

async function done(command: Promise<unknown>): Promise<object> {
  await command;
  return {};
}

function statusOf({ id, name, state, size, done: have, down, up, peers, problem }: TorrentRow): object {
  return {
    info_hash: id,
    name,
    state,
    progress:
      size === 0 ? (have > 0 || state === 'seeding' || state === 'done' ? 1 : 0) : Math.floor((have / size) * 10_000) / 10_000,
    size,
    down_rate: down,
    up_rate: up,
    peers,
    ...(state === 'error' && problem !== null ? { error: sentenceOf(problem) } : {}),
  };
}

async function fileAt(path: string): Promise<Uint8Array> {
  const file = resolve(path);
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE) throw new Refused('no-torrent', `${file} is ${size} bytes long, which no torrent file is.`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof Refused) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Refused('file-not-read', `${file} cannot be read: ${why}`);
  }
}

function bytesOf(base64: string): Uint8Array {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw new RpcError(RpcCode.INVALID_PARAMS, 'base64: this is no base64', {
      hint: 'Send the bytes of the file as base64 with padding (RFC 4648, section 4), without line breaks.',
    });
  }
  return Buffer.from(base64, 'base64');
}

function invalidParams(issue: v.BaseIssue<unknown>, usage: string): RpcError {
  const path = issue.path?.map(({ key }) => snakeCase(String(key))).join('.') ?? '';
  const where = path === '' ? '' : `${path}: `;
  return new RpcError(RpcCode.INVALID_PARAMS, `${where}${issue.message}`.slice(0, 500), { hint: `Send params like ${usage}.` });
}

const MAGNET = 'Give a link with xt=urn:btih: or xt=urn:btmh:.';

/** What to do about it, by the reason; the message says the cause. */
const HINTS: Readonly<Record<string, string>> = {
  'no-such-torrent': 'Ask get_status without params which torrents there are, or add it first.',
  'no-such-file': 'Wait for the notification metadata, which lists the files in their order.',
  'daemon-away': 'Try again in a moment: the io-daemon is being started again.',
  'file-not-read': 'Give a path that this program may read, or the file itself as base64.',
  private: 'Let its trackers name the peers.',
  'no-address': 'Give an IP address or a name as host, and a port from 1 to 65535.',
  'settings-not-saved': 'Make room on the disk of the home folder, then set it again.',
  'too-many-commands': 'Wait for answers, then ask again.',
  magnet: MAGNET,
  'magnet-too-long': MAGNET,
  'magnet-of-nothing': MAGNET,
};

function refusal({ reason, message }: Refused): RpcError {
  if (reason === 'internal') throw new Error(message);
  return new RpcError(RpcCode.REFUSED, message, {
    hint: HINTS[reason] ?? 'Nothing was changed. See the message, and ask again.',
    reason,
  });
}
