/** Far more of everything than the host takes; `npm run flood` has ten thousand come. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ControlOp, StateStatus } from '../../daemon/wire/control.ts';
import { come, leave, MANY } from '../daemon/crowd.ts';
import { control, controlSocket, pair, raw, testHost } from './host.ts';
import { until } from './temp.ts';

test(
  'strangers hold 256 places and no more, who is inside does not notice, and those who leave make room',
  { timeout: 60_000 },
  async () => {
    const host = await testHost();
    const client = await control(host, await pair(host));
    await client.welcome();
    const open = await come(host.port, MANY);
    await until(() => open.size <= 255, 'those over the cap to be gone');
    expect(open.size).toBeGreaterThan(200);
    for (let turn = 1; turn <= 20; turn++) {
      client.send({ op: ControlOp.STATE_LOAD, id: turn, after: '' });
      await client.find((frame): frame is typeof frame => frame.op === ControlOp.STATE_RECORDS && frame.id === turn);
    }
    leave(open);
    const ask = `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nConnection: close\r\n\r\n`;
    await until(async () => (await raw(host.port, ask).catch(() => '')).startsWith('HTTP/1.1 200 '), 'room');
  },
);

test('/control has 16 connections, let in or not, and a place is free again with the end of one', async () => {
  const host = await testHost();
  const token = await pair(host);
  const sockets = Array.from({ length: 16 }, () => controlSocket(host));
  await until(() => sockets.every(({ ws }) => ws.readyState === ws.OPEN), 'all to be open');
  await expect(control(host, token)).rejects.toThrow('503');
  sockets[0]?.ws.terminate();
  await until(
    async () =>
      control(host, token).then(
        () => true,
        () => false,
      ),
    'a place',
  );
});

test('more reads of the state than may wait at once are all answered, in their order', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const { epoch } = await client.welcome();
  const count = 5_000;
  for (let id = 1; id <= count; id++) client.send({ op: ControlOp.STATE_READ, id, epoch, key: 'none' });
  const ids = (): number[] => client.frames.flatMap(frame => (frame.op === ControlOp.STATE_RECORDS ? [frame.id] : []));
  await until(() => ids().length === count, 'all answers');
  expect(ids()).toEqual(Array.from({ length: count }, (_, at) => at + 1));
});

test('more writes of the state than may wait at once are all answered', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const { epoch } = await client.welcome();
  const value = new Uint8Array(16 << 20);
  const count = 6;
  for (let id = 1; id <= count; id++) client.send({ op: ControlOp.STATE_WRITE, id, epoch, writes: [{ key: 'long', value }] });
  const statuses = (): StateStatus[] => client.frames.flatMap(frame => (frame.op === ControlOp.STATE_DONE ? [frame.status] : []));
  await until(() => statuses().length === count, 'all answers');
  expect(new Set(statuses())).toEqual(new Set([StateStatus.OK]));
});

test('/control takes no message longer than two records', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  await client.welcome();
  client.ws.send(Buffer.alloc((32 << 20) + 1));
  expect(await client.closed).toBe(1009);
});

test('a client of /control that reads nothing loses its connection', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const { epoch } = await client.welcome();
  const value = new Uint8Array(16 << 20);
  client.send({ op: ControlOp.STATE_WRITE, id: 1, epoch, writes: [{ key: 'long', value }] });
  await client.find((frame): frame is typeof frame => frame.op === ControlOp.STATE_DONE);
  client.ws.pause();
  const count = 24;
  for (let id = 1; id <= count; id++) client.send({ op: ControlOp.STATE_READ, id, epoch, key: 'long' });
  const authorization = `Bearer ${readFileSync(join(host.home, 'metrics-token'), 'utf8').trim()}`;
  const clients = async (): Promise<string> =>
    /^starling_host_clients (\d+)$/m.exec(
      await (await fetch(`${host.origin}/metrics`, { headers: { authorization } })).text(),
    )?.[1] ?? '';
  await until(async () => (await clients()) === '0', 'its end');
  client.ws.resume();
  await client.closed;
  expect(client.frames.filter(({ op }) => op === ControlOp.STATE_RECORDS).length).toBeLessThan(count);
});
