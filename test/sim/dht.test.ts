import { describe, expect, test } from 'vitest';
import { encodeKrpc } from '../../sw/engine/codec/krpc.ts';
import type { KrpcMessage, Query } from '../../sw/engine/codec/krpc.ts';
import { decodeKrpc } from '../../sw/engine/codec/krpc.ts';
import { DhtNode } from '../../sw/engine/dht/node.ts';
import { fromHex } from '../../sw/engine/model/ids.ts';
import { DhtWorld } from './dht-world.ts';
import { seeded } from './clock.ts';

const ID = 'c0ffee'.padEnd(40, '7');
const OTHER = 'beef'.padEnd(40, '1');

describe.each([4, 6] as const)('a network of IPv%i nodes', family => {
  test('brings those together who follow a torrent, with a tenth of the datagrams lost', () => {
    const world = new DhtWorld(1);
    world.loss = 0.1;
    const nodes = world.grow(160, family);
    nodes[3]!.follow(ID, 7001, true);
    nodes[40]!.follow(ID, 7040);
    world.clock.run(60_000);
    nodes[150]!.follow(ID, 7150);
    nodes[99]!.follow(OTHER, 7099);
    world.clock.run(30_000);
    expect([...nodes[150]!.found]).toContain(`${nodes[3]!.host} 7001`);
    expect([...nodes[150]!.found]).toContain(`${nodes[40]!.host} 7040`);
    expect(nodes[99]!.found.size).toBe(0);
    const { state, peers, seeds, leechers } = nodes[150]!.dht.status(ID);
    expect({ state, peers, seeds }).toEqual({ state: 'ok', peers: 2, seeds: 1 });
    expect(leechers).toBeGreaterThanOrEqual(1);
    expect(nodes[99]!.dht.status(OTHER)).toMatchObject({ state: 'ok', peers: 0 });
  });
});

test('half of the nodes leave and others come: who announces again is found yet, and the dead are forgotten', () => {
  const world = new DhtWorld(2);
  const nodes = world.grow(120);
  nodes[10]!.follow(ID, 7010, true);
  world.clock.run(30_000);
  for (let index = 1; index < 120; index += 2) nodes[index]!.leave();
  const fresh = Array.from({ length: 30 }, (_, index) => world.node(1000 + index));
  for (const node of fresh) node.dht.contact(nodes[20]!.host, 6881, world.clock.time);
  world.clock.run(6 * 60_000);
  fresh[7]!.follow(ID, 7777);
  world.clock.run(30_000);
  expect([...fresh[7]!.found]).toEqual([`${nodes[10]!.host} 7010`]);
});

test('an announce that is not repeated is forgotten after half an hour', () => {
  const world = new DhtWorld(3);
  const nodes = world.grow(60);
  nodes[10]!.follow(ID, 7010, true);
  world.clock.run(30_000);
  nodes[10]!.dht.unfollow(ID);
  world.clock.run(31 * 60_000);
  nodes[30]!.follow(ID, 7030);
  world.clock.run(30_000);
  expect([...nodes[30]!.found].filter(peer => peer.endsWith('7010'))).toEqual([]);
});

test('who starts again is back by the nodes of its record alone', () => {
  const world = new DhtWorld(4);
  const nodes = world.grow(100);
  nodes[5]!.follow(ID, 7005, true);
  world.clock.run(90_000);
  const before = nodes[50]!;
  const { record, nodes: known } = before;
  expect(record).not.toBeNull();
  expect(known).toBeGreaterThan(8);
  before.leave();
  const again = world.node(51, 4, record);
  expect(again.host).toBe(before.host);
  expect(again.nodes).toBe(0);
  world.clock.run(10_000);
  expect(again.nodes).toBeGreaterThanOrEqual(8);
  again.follow(ID, 7050);
  world.clock.run(30_000);
  expect([...again.found]).toContain(`${nodes[5]!.host} 7005`);
  const broken = world.node(2000, 4, Uint8Array.of(1, 2, 3));
  world.clock.run(10_000);
  expect(broken.nodes).toBe(0);
});

describe('a node that is attacked', () => {
  interface Sent {
    readonly host: string;
    readonly bytes: Uint8Array;
  }

  function setUp(seed = 7) {
    const random = seeded(seed);
    const sent: Sent[] = [];
    const node: DhtNode = new DhtNode(
      {
        family: 4,
        id: null,
        remembered: [],
        random: count => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
        send: (host, _port, bytes) => sent.push({ host, bytes }),
        address: null,
        seenAs: () => undefined,
        resolve: (_host, _port, done) => done(null),
        nearest: (family, target) => (family === 4 ? node.table.nearest(target, 8) : []),
        heardOf: () => undefined,
      },
      0,
    );
    const ask = (host: string, query: Query, now: number, readOnly = true): void =>
      node.receive(
        host,
        6881,
        encodeKrpc({ type: 'query', tx: new Uint8Array(2), id: new Uint8Array(20).fill(9), readOnly, query }),
        now,
      );
    const answers = (): (Sent & { message: KrpcMessage })[] =>
      sent
        .splice(0)
        .map(item => ({ ...item, message: decodeKrpc(item.bytes) }))
        .filter(({ message }) => message.type !== 'query');
    return { node, sent, ask, answers };
  }

  const getPeers: Query = { method: 'get_peers', infoHash: fromHex(ID), want: [4, 6], noSeed: false, scrape: true };

  test('answers 8 kB a second and no more, however many ask and whoever they say they are', () => {
    const { ask, answers } = setUp();
    let bytes = 0;
    for (let at = 0; at < 10_000; at++) ask(`30.${at >> 8}.${at & 255}.1`, getPeers, at);
    for (const answer of answers()) bytes += answer.bytes.length;
    expect(bytes).toBeGreaterThan(40_000);
    expect(bytes).toBeLessThanOrEqual(8000 + 10 * 8000);
  });

  test('hears 50 messages in 10 s of one host, then nothing for 5 minutes', () => {
    const { ask, answers } = setUp();
    for (let at = 0; at < 200; at++) ask('30.0.0.1', { method: 'ping' }, at * 10);
    expect(answers()).toHaveLength(50);
    ask('30.0.0.1', { method: 'ping' }, 4 * 60_000);
    ask('30.0.0.2', { method: 'ping' }, 4 * 60_000);
    expect(answers().map(({ host }) => host)).toEqual(['30.0.0.2']);
    ask('30.0.0.1', { method: 'ping' }, 8 * 60_000);
    expect(answers()).toHaveLength(1);
  });

  test('takes an announce only with the token that it gave to that address for that torrent, for five to ten minutes', () => {
    const { ask, answers } = setUp();
    const token = (host: string, now: number): Uint8Array => {
      ask(host, getPeers, now);
      const [{ message } = { message: null }] = answers();
      return (message?.type === 'reply' && message.reply.token) || new Uint8Array(0);
    };
    const announce = (host: string, with_: Uint8Array, infoHash: string, now: number): string => {
      ask(host, { method: 'announce_peer', infoHash: fromHex(infoHash), port: 7001, token: with_, seed: false }, now);
      return answers()[0]!.message.type;
    };
    const known = (now: number): number => {
      ask('30.9.9.9', getPeers, now);
      const [{ message } = { message: null }] = answers();
      return message?.type === 'reply' ? message.reply.peers.length : -1;
    };
    const mine = token('30.0.0.1', 1000);
    expect(announce('30.0.0.2', mine, ID, 2000)).toBe('error');
    expect(announce('30.0.0.1', mine, OTHER, 2000)).toBe('error');
    expect(announce('30.0.0.1', new Uint8Array(8), ID, 2000)).toBe('error');
    expect(known(3000)).toBe(0);
    expect(announce('30.0.0.1', mine, ID, 4 * 60_000)).toBe('reply');
    expect(known(4 * 60_000 + 1000)).toBe(1);
    expect(announce('30.0.0.1', mine, ID, 12 * 60_000)).toBe('error');
  });

  test('keeps every reply within 1,200 bytes with its stores full, and its stores within their limits', () => {
    const { ask, answers } = setUp();
    let now = 0;
    for (let index = 0; index < 150; index++) {
      const host = `31.0.${index}.1`;
      ask(host, getPeers, (now += 1000));
      const [{ message } = { message: null }] = answers();
      if (message?.type !== 'reply' || !message.reply.token) throw new Error('no token');
      ask(host, { method: 'announce_peer', infoHash: fromHex(ID), port: 7000, token: message.reply.token, seed: false }, now);
      expect(answers()).toHaveLength(1);
    }
    const seen = new Set<string>();
    for (let index = 0; index < 40; index++) {
      ask(`32.0.${index}.1`, index % 2 === 0 ? getPeers : { ...getPeers, scrape: false }, (now += 1000));
      const [answer] = answers();
      expect(answer!.bytes.length).toBeLessThanOrEqual(1200);
      if (answer?.message.type === 'reply') for (const { host } of answer.message.reply.peers) seen.add(host);
    }
    expect(seen.size).toBeGreaterThan(50);
    expect(seen.size).toBeLessThanOrEqual(100);
  });

  test('believes no answer that comes from elsewhere, to nothing asked, or from a stranger', () => {
    const { node, sent } = setUp();
    node.contact('30.0.0.1', 6881, 0);
    const asked = decodeKrpc(sent.at(-1)!.bytes);
    const reply = (host: string, port: number, tx: Uint8Array, id = new Uint8Array(20).fill(3)): void =>
      node.receive(
        host,
        port,
        encodeKrpc({
          type: 'reply',
          tx,
          id,
          ip: null,
          reply: { nodes: null, nodes6: null, peers: [], token: null, filters: null },
        }),
        100,
      );
    reply('30.0.0.2', 6881, asked.tx);
    reply('30.0.0.1', 6882, asked.tx);
    reply('30.0.0.1', 6881, Uint8Array.of(1, 2, 3, 4));
    expect(node.table.size).toBe(0);
    reply('30.0.0.1', 6881, asked.tx);
    expect(node.table.size).toBe(1);
    reply('30.0.0.1', 6881, asked.tx, new Uint8Array(20).fill(4));
    expect(node.table.all()[0]!.id).toEqual(new Uint8Array(20).fill(3));
  });

  test('takes a place in its table for one node an address, and greets few strangers at a time', () => {
    const { node, sent, ask } = setUp();
    for (let index = 0; index < 200; index++) ask(`33.0.${index}.1`, { method: 'ping' }, index, false);
    const greeted = sent.filter(({ bytes }) => decodeKrpc(bytes).type === 'query');
    expect(greeted.length).toBeGreaterThan(4);
    expect(greeted.length).toBeLessThanOrEqual(16);
    for (let index = 0; index < 20; index++) {
      const id = new Uint8Array(20).fill(index);
      node.table.answered(id, '34.0.0.1', 7000 + index, 0);
    }
    expect(node.table.size).toBe(1);
  });
});
