import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../daemon/wire/bytes.ts';
import {
  type ControlFrame,
  ControlOp,
  HandedState,
  HandoffKind,
  MAX_LEASE_RESERVE,
  type PortMappings,
  type RootsChange,
  StateStatus,
} from '../../daemon/wire/control.ts';
import { decodeControl, encodeControl, FOLDERS_A_PAGE, MAX_ROOTS } from '../../daemon/wire/control-codec.ts';
import { ErrorCode, Op } from '../../daemon/wire/frames.ts';
import { anyFrame } from './arbitrary.ts';

const text = fc.string({ maxLength: 20 });
const root = fc.record({
  token: text,
  name: text,
  free: fc.integer({ min: -1 }),
  isDefault: fc.boolean(),
  trash: fc.boolean(),
  problem: text,
});
const key = fc.stringMatching(/^[A-Za-z0-9._\-/]{1,128}$/);
const write = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 60 })) });
const id = fc.nat(0xffffffff);

const port = fc.integer({ min: 1, max: 65_535 });
const wish = fc.record({ protocol: fc.constantFrom('tcp' as const, 'udp' as const), port });
const ports: fc.Arbitrary<PortMappings> = fc.record({
  state: fc.constantFrom('off' as const, 'asking' as const, 'open' as const, 'failed' as const),
  via: fc.constantFrom('' as const, 'pcp' as const, 'nat-pmp' as const, 'upnp' as const),
  externalAddress: text,
  problem: fc.constantFrom('' as const, 'no-router' as const, 'double-nat' as const, 'forbidden' as const),
  mappings: fc.array(
    fc.tuple(wish, fc.nat(65_535)).map(([one, externalPort]) => ({ ...one, externalPort })),
    { maxLength: 8 },
  ),
  pinholes: fc.record({
    state: fc.constantFrom('none' as const, 'asking' as const, 'open' as const, 'failed' as const),
    via: fc.constantFrom('' as const, 'pcp' as const, 'upnp' as const),
    address: text,
  }),
});

const rootsChange: fc.Arbitrary<RootsChange> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), folder: text }),
  fc.record({ do: fc.constantFrom('remove' as const, 'default' as const), root: text }),
  fc.record({ do: fc.constant('rename' as const), root: text, name: text }),
);
const watched = fc.array(fc.record({ root: text, since: fc.maxSafeNat() }), { maxLength: MAX_ROOTS });
const app = fc.record({
  id: text,
  name: text,
  origin: text,
  pairedAt: fc.maxSafeNat(),
  usedAt: fc.maxSafeNat(),
  isThis: fc.boolean(),
});

const controlFrame: fc.Arbitrary<ControlFrame> = fc.oneof(
  fc.record({
    op: fc.constant(ControlOp.WELCOME),
    id,
    welcome: fc.record({
      version: text,
      epoch: fc.maxSafeNat(),
      lease: fc.record({
        state: fc.constantFrom('held' as const, 'waiting' as const, 'followed' as const),
        holder: text,
      }),
      io: fc.record({
        state: fc.constantFrom('STOPPED' as const, 'STARTING' as const, 'RUNNING' as const, 'STOPPING' as const),
        port: fc.nat(65535),
        ticket: text,
        gaveUp: fc.boolean(),
      }),
      roots: fc.array(root, { maxLength: 3 }),
    }),
  }),
  fc.record({ op: fc.constant(ControlOp.HOST_HELLO), id, contract: fc.nat() }),
  fc.record({ op: fc.constant(ControlOp.ROOTS_CHANGED), id, roots: fc.array(root, { maxLength: 3 }) }),
  fc.record({
    op: fc.constant(ControlOp.EVENT),
    id,
    event: fc.oneof(
      fc.record({ type: fc.constantFrom('superseded' as const, 'stopping' as const, 'yield' as const) }),
      fc.record({ type: fc.constantFrom('superseded' as const, 'stopping' as const, 'unpaired' as const) }),
      fc.record({ type: fc.constant('notice' as const), text }),
    ),
  }),
  fc.record({ op: fc.constant(ControlOp.IO_START), id }),
  fc.record({ op: fc.constant(ControlOp.PORTS_MAP), id, wishes: fc.array(wish, { maxLength: 8 }) }),
  fc.record({ op: fc.constant(ControlOp.PORTS_MAPPED), id, ports }),
  fc.record({ op: fc.constant(ControlOp.STATE_LOAD), id, after: text }),
  fc.record({ op: fc.constant(ControlOp.STATE_RECORDS), id, last: fc.boolean(), records: fc.array(write, { maxLength: 5 }) }),
  fc.record({
    op: fc.constant(ControlOp.STATE_WRITE),
    id,
    epoch: fc.maxSafeNat(),
    writes: fc.array(write, { maxLength: 5 }),
  }),
  fc.record({ op: fc.constant(ControlOp.STATE_READ), id, epoch: fc.maxSafeNat(), key }),
  fc.record({ op: fc.constant(ControlOp.OPEN_FOLDER_PICKER), id }),
  fc.record({ op: fc.constant(ControlOp.FOLDER_LIST), id, from: fc.nat(), folder: text }),
  fc.record({
    op: fc.constant(ControlOp.FOLDER_PAGE),
    id,
    page: fc.record({
      folder: text,
      name: text,
      parent: fc.option(text),
      folders: fc.array(fc.record({ token: text, name: text }), { maxLength: 5 }),
      more: fc.boolean(),
    }),
  }),
  fc.record({ op: fc.constant(ControlOp.ROOTS_CHANGE), id, change: rootsChange }),
  fc.record({
    op: fc.constant(ControlOp.FOLDERS_DONE),
    id,
    done: fc.record({ status: fc.constantFrom('ok' as const, 'cancelled' as const, 'refused' as const), text, root: text }),
  }),
  fc.record({ op: fc.constant(ControlOp.FOLDER_MAKE), id, folder: text, name: text }),
  fc.record({ op: fc.constant(ControlOp.REVEAL), id, root: text, path: fc.array(text, { maxLength: 20 }) }),
  fc.record({
    op: fc.constant(ControlOp.HOST_SETTINGS),
    id,
    problem: text,
    settings: fc.record({ watched, exitAfter: fc.nat(), notify: fc.boolean() }),
  }),
  fc.record({
    op: fc.constant(ControlOp.HOST_SETTINGS_SET),
    id,
    change: fc.oneof(
      fc.constant({}),
      fc.record({ watched }),
      fc.record({ exitAfter: fc.nat() }),
      fc.record({ notify: fc.boolean() }),
    ),
  }),
  fc.record({ op: fc.constant(ControlOp.LEASE_RENEW), id, epoch: fc.maxSafeNat() }),
  fc.record({
    op: fc.constant(ControlOp.LEASE_YIELD),
    id,
    epoch: fc.maxSafeNat(),
    reserve: fc.nat(MAX_LEASE_RESERVE),
    work: fc.boolean(),
  }),
  fc.record({ op: fc.constant(ControlOp.LEASE_TAKE), id }),
  fc.record({ op: fc.constant(ControlOp.PAIRED_APPS), id, apps: fc.array(app, { maxLength: 3 }) }),
  fc.record({ op: fc.constant(ControlOp.UNPAIR), id, app: text }),
  fc.record({ op: fc.constant(ControlOp.TOKEN), id, token: text }),
  fc.record({
    op: fc.constant(ControlOp.RELAY),
    id,
    holder: fc.boolean(),
    channel: fc.nat(0xffffffff),
    last: fc.boolean(),
    part: fc.uint8Array({ maxLength: 60 }),
  }),
  fc.record({ op: fc.constant(ControlOp.RELAY_CLOSE), id, holder: fc.boolean(), channel: fc.nat(0xffffffff) }),
  fc.record({ op: fc.constant(ControlOp.STATE_DONE), id, status: fc.constantFrom(...Object.values(StateStatus)), detail: text }),
  fc.record({
    op: fc.constant(ControlOp.HANDOFF),
    id,
    handoff: fc.nat(0xffffffff),
    start: fc.boolean(),
    kind: fc.constantFrom(...Object.values(HandoffKind)),
    root: text,
    content: fc.uint8Array({ maxLength: 60 }),
  }),
  fc.record({
    op: fc.constant(ControlOp.HANDED),
    id,
    handoff: fc.nat(0xffffffff),
    state: fc.constantFrom(...Object.values(HandedState)),
    text,
  }),
);

describe('frames of /control', () => {
  it('come back as they went, the shared ones too', () => {
    fc.assert(
      fc.property(fc.oneof(controlFrame, anyFrame), frame => {
        expect(decodeControl(encodeControl(frame))).toEqual(frame);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused by name whatever the bytes', () => {
    const garbage = fc
      .tuple(fc.constantFrom(...Object.values(ControlOp)), fc.uint8Array({ maxLength: 80 }))
      .map(([op, payload]) => Uint8Array.of(1, op, 0, 0, 9, 0, 0, 0, ...payload));
    fc.assert(
      fc.property(fc.oneof(garbage, fc.uint8Array({ maxLength: 60 })), message => {
        try {
          decodeControl(message);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('take no key but those of the contract', () => {
    const frame = { op: ControlOp.STATE_WRITE, id: 3, epoch: 1, writes: [{ key: 'a/b', value: null }] };
    const message = encodeControl(frame);
    message[message.length - 3] = 0;
    expect(() => decodeControl(message)).toThrow(WireError);
    expect(() => encodeControl({ ...frame, writes: [{ key: '', value: null }] })).toThrow(RangeError);
    const read = encodeControl({ op: ControlOp.STATE_READ, id: 3, epoch: 1, key: 'a/b' });
    read[read.length - 1] = 0;
    expect(() => decodeControl(read)).toThrow(WireError);
    expect(() => encodeControl({ op: ControlOp.STATE_READ, id: 3, epoch: 1, key: 'k'.repeat(129) })).toThrow(RangeError);
  });

  it('name eight ports at most, and none that cannot be', () => {
    const wishes = (...ports: number[]) => ports.map(port => ({ protocol: 'tcp' as const, port }));
    const read = (...ports: number[]) =>
      decodeControl(encodeControl({ op: ControlOp.PORTS_MAP, id: 1, wishes: wishes(...ports) }));
    expect(read(1, 2, 3, 4, 5, 6, 7, 65_535)).toMatchObject({ op: ControlOp.PORTS_MAP });
    for (const ports of [[0], [65_536], [1.5], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) expect(() => read(...ports)).toThrow(WireError);
  });

  it('hold one page of folders and so many roots', () => {
    const page = (count: number) => {
      const folders = Array.from({ length: count }, () => ({ token: 'f', name: 'n' }));
      const frame = { op: ControlOp.FOLDER_PAGE, id: 1, page: { folder: 'f', name: 'n', parent: null, folders, more: true } };
      return decodeControl(encodeControl(frame));
    };
    const settings = (count: number) => {
      const roots = Array.from({ length: count }, () => ({ root: 'r', since: 1 }));
      return decodeControl(encodeControl({ op: ControlOp.HOST_SETTINGS_SET, id: 1, change: { watched: roots } }));
    };
    expect(page(FOLDERS_A_PAGE)).toMatchObject({ op: ControlOp.FOLDER_PAGE });
    expect(() => page(FOLDERS_A_PAGE + 1)).toThrow(WireError);
    expect(settings(MAX_ROOTS)).toMatchObject({ op: ControlOp.HOST_SETTINGS_SET });
    expect(() => settings(MAX_ROOTS + 1)).toThrow(WireError);
  });

  it('keep a lease for half a minute at most', () => {
    const held = (reserve: number) => encodeControl({ op: ControlOp.LEASE_YIELD, id: 1, epoch: 1, reserve, work: true });
    expect(decodeControl(held(30_000))).toMatchObject({ reserve: 30_000 });
    expect(() => decodeControl(held(30_001))).toThrow(WireError);
  });

  it('put the request on what is wrong with it', () => {
    const message = Uint8Array.of(1, ControlOp.IO_START, 0, 0, 5, 0, 0, 0, 1);
    expect(() => decodeControl(message)).toThrow(expect.objectContaining({ code: ErrorCode.MALFORMED, requestId: 5 }));
    expect(decodeControl(Uint8Array.of(1, Op.STATS, 0, 0, 5, 0, 0, 0))).toEqual({ op: Op.STATS, id: 5 });
  });
});
