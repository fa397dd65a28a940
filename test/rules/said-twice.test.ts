/**
 * What stands on both sides of a boundary because neither side may import the other: it is the same. Numbers are compared when this
 * runs, shapes by the compiler.
 */
import { expect, expectTypeOf, test } from 'vitest';
import * as wire from '../../daemon/wire/control.ts';
import type { LinkState } from '../../sw/adapters/daemon-link-states.ts';
import type * as channel from '../../sw/adapters/daemon-channel.ts';
import type * as adapter from '../../sw/adapters/daemon-host.ts';
import * as api from '../../sw/api.ts';
import * as engine from '../../sw/engine/limits.ts';
import type * as standing from '../../sw/standing.ts';
import { DEFAULT_SETTINGS as ENGINE_SETTINGS } from '../../sw/engine/settings.ts';
import * as view from '../../sw/view-model.ts';
import { DEFAULT_HOST_SETTINGS as HOST_SETTINGS } from '../../daemon/host/store/settings.ts';
import { DEFAULT_HOST_SETTINGS, DEFAULT_SETTINGS } from '../../web/defaults.ts';

test('windows look for the helper on the ports that it may choose', () => {
  expect(api.HELPER_PORTS).toEqual(wire.HOST_PORTS);
});

test('windows, worker, engine and host have the same bounds', () => {
  expect(view.MAX_EXIT_AFTER).toBe(wire.MAX_EXIT_AFTER);
  expect(view.MIN_RATE).toBe(engine.MIN_RATE);
});

test('windows reset to what the engine and the host begin with', () => {
  expect(DEFAULT_SETTINGS).toEqual(ENGINE_SETTINGS);
  expect(DEFAULT_HOST_SETTINGS).toEqual(HOST_SETTINGS);
});

test('windows are told of the host in the shapes of the wire', () => {
  expectTypeOf<api.FolderPage>().toEqualTypeOf<wire.FolderPage>();
  expectTypeOf<api.PairedApp>().toEqualTypeOf<wire.PairedApp>();
  expectTypeOf<view.RootRow>().toEqualTypeOf<wire.Root>();
  expectTypeOf<view.HostSettings>().toEqualTypeOf<wire.HostSettings>();
  expectTypeOf<view.HostState>().toEqualTypeOf<adapter.HostState>();
});

test('the worker knows the states of the link, and what a pairing is, as its adapters have them', () => {
  expectTypeOf<standing.Link['state']>().toEqualTypeOf<LinkState>();
  expectTypeOf<standing.Link['lease']>().toEqualTypeOf<wire.Welcome['lease']>();
  expectTypeOf<standing.Pairing>().toEqualTypeOf<channel.Pairing>();
});
