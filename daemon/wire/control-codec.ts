/** Frames of `/control` to bytes and back, in the envelope and with the manners of codec.ts. */
import {
  bytes,
  type Field,
  flag,
  json,
  list,
  malformed,
  oneOf,
  Reader,
  rest,
  restText,
  struct,
  text,
  u32,
  u16,
  u53,
  u8,
  WireError,
  Writer,
} from './bytes.ts';
import { decodeFrame, encode, readEnvelope, readPayload, writeEnvelope } from './codec.ts';
import {
  type ControlFrame,
  ControlOp,
  type FolderPage,
  type FoldersDone,
  HandedState,
  HandoffKind,
  type HostEvent,
  type HostSettings,
  MAX_LEASE_RESERVE,
  type PairedApp,
  MAX_RELAY_PART,
  type Pinholes,
  type PortMapping,
  type PortMappings,
  type PortWish,
  type Root,
  type RootsChange,
  StateStatus,
  type StateWrite,
  type Welcome,
} from './control.ts';
import { ErrorCode, type Frame } from './frames.ts';
import * as shape from './shape.ts';

type Payload<O extends ControlOp> = Omit<Extract<ControlFrame, { readonly op: O }>, 'op' | 'id'>;

/** Longest value of a state record, in bytes. */
export const MAX_STATE_VALUE = 16 << 20;
const STATE_KEY = /^[A-Za-z0-9._\-/]{1,128}$/;

const root = shape.object<Root>({
  token: shape.string,
  name: shape.string,
  free: shape.number,
  isDefault: shape.boolean,
  trash: shape.boolean,
  problem: shape.string,
});

const welcome = shape.object<Welcome>({
  version: shape.string,
  epoch: shape.count,
  lease: shape.object<Welcome['lease']>({ state: shape.literal('held', 'waiting', 'followed'), holder: shape.string }),
  io: shape.object<Welcome['io']>({
    state: shape.literal('STOPPED', 'STARTING', 'RUNNING', 'STOPPING'),
    port: shape.count,
    ticket: shape.string,
    gaveUp: shape.boolean,
  }),
  roots: shape.array(root),
});

const eventKind = shape.object<{ readonly type: HostEvent['type'] }>({
  type: shape.literal('superseded', 'stopping', 'yield', 'unpaired', 'notice'),
});
const notice = shape.object<{ readonly text: string }>({ text: shape.string });

function hostEvent(value: unknown): HostEvent {
  const { type } = eventKind(value);
  return type === 'notice' ? { type, text: notice(value).text } : { type };
}

/** Ports of one wish, and of what became of it. */
const MAX_PORTS = 8;

const portNumber = shape.between(1, 65_535);
const protocol = shape.literal('tcp', 'udp');
const wish = shape.object<PortWish>({ protocol, port: portNumber });
const mapping = shape.object<PortMapping>({ protocol, port: portNumber, externalPort: shape.between(0, 65_535) });

const pinholes = shape.object<Pinholes>({
  state: shape.literal('none', 'asking', 'open', 'failed'),
  via: shape.literal('', 'pcp', 'upnp'),
  address: shape.string,
});

const portMappings = shape.object<PortMappings>({
  state: shape.literal('off', 'asking', 'open', 'failed'),
  via: shape.literal('', 'pcp', 'nat-pmp', 'upnp'),
  externalAddress: shape.string,
  problem: shape.literal('', 'no-router', 'no-answer', 'refused', 'double-nat', 'public-address', 'forbidden'),
  mappings: shape.array(mapping, MAX_PORTS),
  pinholes,
});

/** Folders of one page. */
export const FOLDERS_A_PAGE = 200;
/** The longest name of a folder, in bytes of UTF-8; no file system has longer ones. */
export const MAX_FOLDER_NAME = 255 * 4;

const rootsWish = shape.object<{ readonly do: RootsChange['do'] }>({ do: shape.literal('add', 'remove', 'default', 'rename') });
const ofFolder = shape.object<{ readonly folder: string }>({ folder: shape.string });
const ofRoot = shape.object<{ readonly root: string }>({ root: shape.string });
const ofName = shape.object<{ readonly name: string }>({ name: shape.string });

function rootsChange(value: unknown): RootsChange {
  const { do: what } = rootsWish(value);
  if (what === 'add') return { do: what, folder: ofFolder(value).folder };
  const { root: token } = ofRoot(value);
  return what === 'rename' ? { do: what, root: token, name: ofName(value).name } : { do: what, root: token };
}

const folderPage = shape.object<FolderPage>({
  folder: shape.string,
  name: shape.string,
  parent: shape.nullable(shape.string),
  folders: shape.array(shape.object<FolderPage['folders'][number]>({ token: shape.string, name: shape.string }), FOLDERS_A_PAGE),
  more: shape.boolean,
});

const foldersDone = shape.object<FoldersDone>({
  status: shape.literal('ok', 'cancelled', 'timeout', 'no-dialog', 'busy', 'refused'),
  text: shape.string,
  root: shape.string,
});

/** Roots at once. */
export const MAX_ROOTS = 32;

const hostSettings: { readonly [K in keyof HostSettings]-?: shape.Shape<HostSettings[K]> } = {
  watched: shape.array(shape.object<HostSettings['watched'][number]>({ root: shape.string, since: shape.count }), MAX_ROOTS),
  exitAfter: shape.count,
  notify: shape.boolean,
};
const pairedApp = shape.object<PairedApp>({
  id: shape.string,
  name: shape.string,
  origin: shape.string,
  pairedAt: shape.count,
  usedAt: shape.count,
  isThis: shape.boolean,
});
/** A host keeps no more. */
const MAX_APPS = 64;

const keyText = text(u8);
const valueBytes = bytes(u32, MAX_STATE_VALUE);

/** Behind a u8 length. */
const stateKey: Field<string> = {
  min: 1,
  write(w, key) {
    if (!STATE_KEY.test(key)) throw new RangeError('not a key of a state record');
    keyText.write(w, key);
  },
  read(r) {
    const key = keyText.read(r);
    if (!STATE_KEY.test(key)) throw malformed('not a key of a state record');
    return key;
  },
};

/** Key, then 0 for a deletion, or 1 and the value behind a u32 length. */
const stateWrite: Field<StateWrite> = {
  min: 2,
  write(w, { key, value }) {
    stateKey.write(w, key);
    w.u8(value === null ? 0 : 1);
    if (value !== null) valueBytes.write(w, value);
  },
  read(r) {
    const key = stateKey.read(r);
    const there = r.u8();
    if (there > 1) throw malformed('flag is neither 0 nor 1');
    return { key, value: there === 1 ? valueBytes.read(r) : null };
  },
};

/** To the end of the frame. */
const relayPart: Field<Uint8Array> = {
  ...rest,
  read(r) {
    if (r.left > MAX_RELAY_PART) throw malformed('too long a part of a message');
    return rest.read(r);
  },
};

/** Ms. */
const reserve: Field<number> = {
  ...u32,
  read(r) {
    const ms = u32.read(r);
    if (ms > MAX_LEASE_RESERVE) throw malformed('a lease reserved for too long');
    return ms;
  },
};

const layouts: { readonly [O in ControlOp]: Field<Payload<O>> } = {
  [ControlOp.HOST_HELLO]: struct({ contract: u32 }),
  [ControlOp.WELCOME]: struct({ welcome: json(welcome) }),
  [ControlOp.ROOTS_CHANGED]: struct({ roots: json(shape.array(root)) }),
  [ControlOp.EVENT]: struct({ event: json(hostEvent) }),
  [ControlOp.IO_START]: struct({}),
  [ControlOp.PORTS_MAP]: struct({ wishes: json(shape.array(wish, MAX_PORTS)) }),
  [ControlOp.PORTS_MAPPED]: struct({ ports: json(portMappings) }),
  [ControlOp.STATE_LOAD]: struct({ after: restText }),
  [ControlOp.STATE_RECORDS]: struct({ last: flag, records: list(u32, stateWrite) }),
  [ControlOp.STATE_WRITE]: struct({ epoch: u53, writes: list(u32, stateWrite) }),
  [ControlOp.STATE_DONE]: struct({ status: oneOf(StateStatus), detail: restText }),
  [ControlOp.STATE_READ]: struct({ epoch: u53, key: stateKey }),
  [ControlOp.OPEN_FOLDER_PICKER]: struct({}),
  [ControlOp.FOLDER_LIST]: struct({ from: u32, folder: restText }),
  [ControlOp.FOLDER_PAGE]: struct({ page: json(folderPage) }),
  [ControlOp.ROOTS_CHANGE]: struct({ change: json(rootsChange) }),
  [ControlOp.FOLDERS_DONE]: struct({ done: json(foldersDone) }),
  [ControlOp.FOLDER_MAKE]: struct({ folder: text(u8), name: text(u16, MAX_FOLDER_NAME) }),
  [ControlOp.REVEAL]: struct({ root: text(u8), path: list(u8, text(u16, MAX_FOLDER_NAME)) }),
  [ControlOp.HOST_SETTINGS]: struct({ problem: text(u16), settings: json(shape.object<HostSettings>(hostSettings)) }),
  [ControlOp.HOST_SETTINGS_SET]: struct({ change: json(shape.partial<HostSettings>(hostSettings)) }),
  [ControlOp.LEASE_RENEW]: struct({ epoch: u53 }),
  [ControlOp.LEASE_YIELD]: struct({ epoch: u53, reserve, work: flag }),
  [ControlOp.LEASE_TAKE]: struct({}),
  [ControlOp.HANDOFF]: struct({ handoff: u32, start: flag, kind: oneOf(HandoffKind), root: text(u8), content: rest }),
  [ControlOp.HANDED]: struct({ handoff: u32, state: oneOf(HandedState), text: restText }),
  [ControlOp.PAIRED_APPS]: struct({ apps: json(shape.array(pairedApp, MAX_APPS)) }),
  [ControlOp.UNPAIR]: struct({ app: restText }),
  [ControlOp.TOKEN]: struct({ token: restText }),
  [ControlOp.RELAY]: struct({ holder: flag, channel: u32, last: flag, part: relayPart }),
  [ControlOp.RELAY_CLOSE]: struct({ holder: flag, channel: u32 }),
};

/** The frames that both sockets know (AUTH, AUTH_RESULT, the hellos, ERROR) go through `encode` just the same. */
export function encodeControl(frame: ControlFrame | Frame): Uint8Array<ArrayBuffer> {
  const layout = (layouts as Readonly<Record<number, Field<object> | undefined>>)[frame.op];
  if (layout === undefined) return encode(frame as Frame);
  const writer = new Writer();
  writeEnvelope(writer, { op: frame.op, flags: 0, id: frame.id });
  layout.write(writer, frame);
  return writer.finish();
}

/** One message is one frame here. @throws {WireError} as `decodeFrame` does */
export function decodeControl(message: Uint8Array): ControlFrame | Frame {
  const reader = new Reader(message);
  const { op, flags, id } = readEnvelope(reader);
  const layout = (layouts as Readonly<Record<number, Field<object> | undefined>>)[op];
  if (layout === undefined) return decodeFrame(message);
  if (flags !== 0) throw new WireError(ErrorCode.MALFORMED, 'unknown flags', id);
  return { op, id, ...readPayload(layout, reader, id) } as ControlFrame;
}
