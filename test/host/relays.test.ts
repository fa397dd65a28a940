/** Channels between who holds the lease and who follows, over real sockets. */
import { expect, test } from 'vitest';
import { type ControlFrame, ControlOp, type Welcome } from '../../daemon/wire/control.ts';
import { relayFrames } from '../../daemon/wire/relay.ts';
import { control, type ControlClient, pair, type TestHost, testHost } from './host.ts';
import { until } from './temp.ts';

async function browser(host: TestHost, install: string): Promise<ControlClient> {
  return control(host, await pair(host, install), install);
}

const isFollowed = ({ lease }: Welcome): boolean => lease.state === 'followed';
const isHeld = ({ lease }: Welcome): boolean => lease.state === 'held';

type Relay = Extract<ControlFrame, { op: typeof ControlOp.RELAY | typeof ControlOp.RELAY_CLOSE }>;

/** What it was relayed, as text: the channel, and the message or that it is closed. */
function relayed(client: ControlClient): string[] {
  return client.frames
    .filter((frame): frame is Relay => frame.op === ControlOp.RELAY || frame.op === ControlOp.RELAY_CLOSE)
    .map(frame => `${frame.channel} ${frame.op === ControlOp.RELAY ? new TextDecoder().decode(frame.part) : 'closed'}`);
}

/** As one that follows, or as the holder of the lease. */
function say(client: ControlClient, channel: number, message: unknown, holder = false): void {
  for (const frame of relayFrames(channel, message, holder)) client.send(frame);
}

async function hears(client: ControlClient, ...lines: string[]): Promise<void> {
  await until(() => relayed(client).length >= lines.length, lines.join(', '));
  expect(relayed(client)).toEqual(lines);
}

/** One that holds the lease and two that follow. */
async function three() {
  const host = await testHost();
  const holder = await browser(host, 'install-1');
  await holder.welcome(isHeld);
  const followers = [await browser(host, 'install-2'), await browser(host, 'install-3')] as const;
  for (const follower of followers) await follower.welcome(isFollowed);
  return { host, holder, followers };
}

test('what a follower says reaches the holder, and the answer that follower alone, each by the numbers it knows', async () => {
  const { holder, followers } = await three();
  const [b, c] = followers;
  say(b, 1, 'from b');
  await hears(holder, '1 "from b"');
  say(c, 1, 'from c');
  await hears(holder, '1 "from b"', '2 "from c"');
  say(holder, 2, 'to c', true);
  say(holder, 1, 'to b', true);
  await hears(b, '1 "to b"');
  await hears(c, '1 "to c"');
  c.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: false, channel: 1 });
  await hears(holder, '1 "from b"', '2 "from c"', '2 closed');
  // What is sent over a channel that is closed opens none, and is answered.
  say(c, 1, 'late');
  say(holder, 2, 'late', true);
  say(b, 2, 'again');
  await hears(holder, '1 "from b"', '2 "from c"', '2 closed', '3 "again"');
  await hears(c, '1 "to c"', '1 closed');
});

test('all channels end with the holder, and those of a follower with it', async () => {
  const { holder, followers } = await three();
  const [b, c] = followers;
  say(b, 1, 'b');
  say(c, 1, 'c');
  await until(() => relayed(holder).length === 2, 'both');
  b.ws.terminate();
  await until(() => relayed(holder).length === 3, 'the end of one');
  expect(relayed(holder).at(-1)).toMatch(/^[12] closed$/);
  holder.ws.terminate();
  await hears(c, '1 closed');
  // While nobody holds the lease there is nobody to talk to.
  say(c, 2, 'anybody?');
  await hears(c, '1 closed', '2 closed');
});

test('who takes the lease is talked to from then on, by those who followed before and by who held it', async () => {
  const { holder, followers } = await three();
  const [b, c] = followers;
  say(c, 1, 'to the first');
  await hears(holder, '1 "to the first"');
  const { epoch } = await holder.welcome(isHeld);
  b.send({ op: ControlOp.LEASE_TAKE, id: 0 });
  await until(() => holder.frames.some(frame => frame.op === ControlOp.EVENT && frame.event.type === 'yield'), 'the recall');
  holder.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve: 0, work: true });
  await b.welcome(isHeld);
  await hears(c, '1 closed');
  say(c, 2, 'to the second');
  await holder.welcome(isFollowed);
  say(holder, 1, 'from the first');
  await until(() => relayed(b).length === 2, 'both');
  expect(
    relayed(b)
      .map(line => line.slice(2))
      .sort(),
  ).toEqual(['"from the first"', '"to the second"']);
});

test('what one says before it hears that the lease has come or gone is dropped, and it follows as if it had not been said', async () => {
  const { holder, followers } = await three();
  const [b, c] = followers;
  for (const channel of [1, 2]) say(b, channel, channel);
  say(c, 1, 'c');
  await until(() => relayed(holder).length === 3, 'three channels');
  const { epoch } = await holder.welcome(isHeld);
  b.send({ op: ControlOp.LEASE_TAKE, id: 0 });
  await until(() => holder.frames.some(frame => frame.op === ControlOp.EVENT && frame.event.type === 'yield'), 'the recall');
  holder.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve: 0, work: true });
  await b.welcome(isHeld);
  await hears(c, '1 closed');
  say(c, 2, 'to the second');
  await until(() => relayed(b).at(-1) === '4 "to the second"', 'the one that follows');
  // Of the channels of before: one that has the number of another by now, and one higher than any to come.
  say(b, 4, 'as a follower');
  b.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: false, channel: 4 });
  say(holder, 9, 'as the holder', true);
  holder.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: true, channel: 9 });
  say(holder, 1, 'from the first');
  await until(() => relayed(b).at(-1) === '5 "from the first"', 'it follows');
  say(b, 4, 'to c', true);
  say(b, 5, 'to the first', true);
  await hears(c, '1 closed', '2 "to c"');
  await until(() => relayed(holder).at(-1) === '1 "to the first"', 'the answer');
});

test('a follower has sixteen channels, and room for another once one is closed', async () => {
  const { holder, followers } = await three();
  const [b] = followers;
  for (let channel = 1; channel <= 17; channel++) say(b, channel, channel);
  await hears(b, '17 closed');
  await until(() => relayed(holder).length === 16, 'sixteen');
  b.send({ op: ControlOp.RELAY_CLOSE, id: 0, holder: false, channel: 3 });
  say(b, 18, 18);
  await until(() => relayed(holder).at(-1) === '17 18', 'another');
});

test('a follower that does not read loses its channel, and the holder hears of it', async () => {
  const { holder, followers } = await three();
  const [b] = followers;
  say(b, 1, 'go on');
  await hears(holder, '1 "go on"');
  b.ws.pause();
  const part = new Uint8Array(1 << 20);
  const isClosed = (): boolean => relayed(holder).includes('1 closed');
  for (let sent = 0; sent < 200 && !isClosed(); sent++) {
    holder.send({ op: ControlOp.RELAY, id: 0, holder: true, channel: 1, last: false, part });
    await new Promise(resolve => setImmediate(resolve));
  }
  await until(isClosed, 'the end');
  expect(b.ws.readyState).toBe(b.ws.OPEN);
});
