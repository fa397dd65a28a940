import bencode from 'bencode';
import { expect, test } from 'vitest';
import { ipBytes } from '../../sw/engine/codec/address.ts';
import { encodePex } from '../../sw/engine/codec/pex.ts';
import { isIdOfAddress } from '../../sw/engine/model/node-id.ts';
import { makeTorrent, seedOn, World } from './host.ts';
import { Stranger } from './stranger.ts';

test('what peers see of us is what our node is called by, and an address that we do not dial', () => {
  const world = new World(901);
  const torrent = makeTorrent({ x: 4_000_000 }, 65_536, 901);
  const host = world.host('80.0.0.1', { rate: 20_000 });
  seedOn(host, torrent);
  for (let index = 0; index < 5; index++) {
    world.host(`81.0.${index}.1`).session.add({ kind: 'file', bytes: torrent.bytes });
    world.host(`81.0.${index}.2`).session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=80.0.0.1:6881` });
  }
  world.clock.run(30_000);
  const liar = new Stranger(world, '82.0.0.1', torrent.id);
  liar.call('80.0.0.1');
  world.clock.run(1_000);
  liar.extended(1, encodePex({ added: [{ host: '80.0.0.1', port: 6881, flags: 0 }], dropped: [] }));
  const before = world.internet.dialled.filter(address => address === '80.0.0.1:6881').length;
  world.clock.run(60_000);
  expect(world.internet.dialled.filter(address => address === '80.0.0.1:6881').length).toBe(before);
  const record = bencode.decode(host.records.get('dht') ?? new Uint8Array(0)) as { id4: Uint8Array };
  expect(isIdOfAddress(Uint8Array.from(record.id4), ipBytes('80.0.0.1')!)).toBe(true);
});
