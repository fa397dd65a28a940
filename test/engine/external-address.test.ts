import { describe, expect, it } from 'vitest';
import { ipBytes } from '../../sw/engine/codec/address.ts';
import { encode } from '../../sw/engine/codec/bencode.ts';
import { ExternalAddress } from '../../sw/engine/external-address.ts';
import type { Witness } from '../../sw/engine/external-address.ts';
import { mayName, scopeOf } from '../../sw/engine/model/scope.ts';
import { OwnEnd } from '../../sw/engine/own-end.ts';
import { Trackers } from '../../sw/engine/trackers.ts';
import { WsTrackers } from '../../sw/engine/ws-trackers.ts';

it('an address has the scope of its range', () => {
  const scope = (text: string): string => scopeOf(ipBytes(text) ?? new Uint8Array(0));
  for (const text of ['127.0.0.1', '127.9.9.9', '::1']) expect(scope(text), text).toBe('loopback');
  for (const text of ['10.1.1.1', '172.31.0.1', '192.168.0.1', '169.254.1.1', '100.64.0.1', 'fe80::1', 'fd00::1'])
    expect(scope(text), text).toBe('local');
  for (const text of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:127.0.0.1'])
    expect(scope(text), text).toBe('none');
  for (const text of ['8.8.8.8', '172.32.0.1', '2001:db8::1']) expect(scope(text), text).toBe('public');
  expect([mayName('public', 'local'), mayName('local', 'loopback'), mayName('local', 'public')]).toEqual([false, false, true]);
  expect([mayName('loopback', 'loopback'), mayName('loopback', 'none')]).toEqual([true, false]);
});

describe('our address', () => {
  function setUp() {
    const changes: number[] = [];
    const external = new ExternalAddress(family => changes.push(family));
    const say = (text: string, count: number, from: number, witness: Witness = 'peer'): void => {
      for (let host = from; host < from + count; host++) external.vote(witness, `30.0.${host >> 8}.${host & 255}`, text);
    };
    return { external, changes, say };
  }

  it('is known once four agree, whatever they are, and however often one of them says it', () => {
    const { external, changes, say } = setUp();
    for (let again = 0; again < 9; again++) say('80.1.1.1', 3, 0);
    expect(external.of(4)).toBeNull();
    say('80.1.1.1', 1, 3, 'node');
    expect([external.of(4), external.of(6)]).toEqual(['80.1.1.1', null]);
    say('80.1.1.1', 9, 4);
    expect(changes).toEqual([4]);
  });

  it('has one voice of the router among those of others, and none where the router stands behind another', () => {
    const { external, say } = setUp();
    say('80.1.1.1', 3, 0);
    for (let again = 0; again < 9; again++) external.vote('router', 'router', '10.0.0.1');
    expect(external.of(4)).toBeNull();
    external.vote('router', 'router', '80.1.1.1');
    expect(external.of(4)).toBe('80.1.1.1');
  });

  it('is another where more than half say so, and only then', () => {
    const { external, changes, say } = setUp();
    say('80.1.1.1', 16, 0);
    say('80.2.2.2', 8, 100);
    expect(external.of(4)).toBe('80.1.1.1');
    say('80.2.2.2', 1, 108, 'node');
    expect(external.of(4)).toBe('80.2.2.2');
    expect(changes).toEqual([4, 4]);
  });

  it('is never what trackers alone say, however many; but they have a voice', () => {
    const { external, say } = setUp();
    for (let host = 0; host < 50; host++) external.vote('tracker', `tracker${host}.example`, '80.9.9.9');
    expect(external.of(4)).toBeNull();
    say('80.9.9.9', 2, 0);
    expect(external.of(4)).toBe('80.9.9.9');
    say('80.1.1.1', 16, 10);
    for (let host = 0; host < 50; host++) external.vote('tracker', `tracker${host}.example`, '80.9.9.9');
    expect(external.of(4)).toBe('80.1.1.1');
  });

  it('is no place in a home network or on this machine, nor what is no address', () => {
    const { external, say } = setUp();
    for (const text of ['192.168.1.2', '127.0.0.1', '0.0.0.0', '::1', 'fe80::1', '80.1.1', 'name']) say(text, 9, 0);
    expect([external.of(4), external.of(6)]).toEqual([null, null]);
  });

  it('of IPv6 takes one voice of a house that has all addresses of its network', () => {
    const { external } = setUp();
    for (let host = 1; host < 50; host++) external.vote('node', `2001:db8:0:1::${host.toString(16)}`, '2a00::5');
    expect(external.of(6)).toBeNull();
    for (let net = 2; net < 5; net++) external.vote('node', `2001:db8:0:${net}::1`, '2a00::5');
    expect(external.of(6)).toBe('2a00::5');
  });

  it('changes what ranks are reckoned from, and what is ours', () => {
    const own = new OwnEnd(
      () => 6881,
      () => undefined,
    );
    const far = { host: '98.76.54.32', port: 1 };
    const ours = { host: '123.213.32.10', port: 6881 };
    expect(own.rank(far)).not.toBe(0xec2d7224);
    expect(own.isOurs(ours)).toBe(false);
    for (let host = 0; host < 4; host++) own.seenAs('peer', `30.0.0.${host}`, ours.host);
    expect(own.rank(far)).toBe(0xec2d7224);
    expect([own.isOurs(ours), own.isOurs({ ...ours, port: 6882 }), own.isOurs(far)]).toEqual([true, false, false]);
  });

  it('is heard of an HTTP tracker that tells it (BEP 24)', () => {
    const heard: unknown[] = [];
    const body = encode({ interval: 60, peers: new Uint8Array(0), 'external ip': Uint8Array.of(80, 1, 1, 1) });
    const trackers = new Trackers(
      {
        get: (_url, _family, _most, _timeout, done) => {
          done('', 200, body);
          return () => undefined;
        },
      },
      { send: () => undefined, lookup: () => undefined, resolve: (_host, _port, done) => done('', ['80.2.2.2'], 0) },
      () => 0,
      (...seen) => heard.push(seen),
      new WsTrackers(
        () => ({ send: () => undefined, close: () => undefined }),
        { isOpen: false, offer: () => undefined, offered: () => undefined, answered: () => undefined },
        () => 0,
        () => undefined,
      ),
    );
    const id = new Uint8Array(20);
    const announce = {
      infoHash: id,
      peerId: id,
      port: 1,
      uploaded: 0,
      downloaded: 0,
      left: 0,
      numwant: 0,
      key: 0,
      trackerId: '',
    };
    trackers.announce('http://t.example:80/announce', { ...announce, event: null }, 0, () => undefined);
    expect(heard).toEqual([['t.example', '80.1.1.1']]);
  });
});
