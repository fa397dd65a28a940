import { describe, expect, it } from 'vitest';
import { ControlOp, MAX_RELAY_PART } from '../../daemon/wire/control.ts';
import { relayFrames } from '../../daemon/wire/relay.ts';
import { DaemonRelay, type RelayChannel } from '../../sw/adapters/daemon-relay.ts';
import { Harness, turn } from './harness.ts';

/** The end of one that holds the lease, with what its followers did, or of one that follows. */
function setUp(isHolder = true) {
  const harness = new Harness();
  const { control } = harness.connect();
  const log: string[] = [];
  const opened = new Map<number, RelayChannel>();
  const events = (number: number) => ({
    message: (message: unknown) => log.push(`${number} ${String(message)}`),
    closed: () => log.push(`${number} closed`),
  });
  const relay = new DaemonRelay(harness.link.control, (channel, number) => {
    opened.set(number, channel);
    return events(number);
  });
  relay.held(isHolder);
  const hear = (channel: number, message: unknown, holder = isHolder): void => {
    for (const frame of relayFrames(channel, message, holder)) control.say(frame);
  };
  const closes = (): number[] => control.sent(ControlOp.RELAY_CLOSE).map(({ channel }) => channel);
  return { harness, control, relay, events, log, opened, hear, closes };
}

describe('what is relayed', () => {
  it('to one that does not read ends that channel, and the connection of the holder stays', async () => {
    const { harness, control, log, opened, hear, closes } = setUp();
    for (const channel of [1, 2]) hear(channel, 'hello');
    const list = 'x'.repeat(2 << 20);
    opened.get(1)!.send(list);
    expect(control.sent(ControlOp.RELAY)).toHaveLength(3);
    control.buffered = 19 << 20;
    opened.get(1)!.send(list);
    opened.get(1)!.send('more');
    expect([control.sent(ControlOp.RELAY).length, closes()]).toEqual([3, [1]]);
    await turn();
    expect(log).toEqual(['1 hello', '2 hello', '1 closed']);
    opened.get(2)!.send('short');
    expect([control.sent(ControlOp.RELAY).at(-1)?.channel, harness.link.state]).toEqual([2, 'linked']);
  });

  it('by a follower is no longer than a torrent file, and closed where it is', () => {
    const { control, log, closes, hear } = setUp();
    hear(1, 'hello');
    const part = new Uint8Array(MAX_RELAY_PART);
    const more = (channel: number): void => control.say({ op: ControlOp.RELAY, id: 0, holder: true, channel, last: false, part });
    for (let count = 0; count < 16; count++) more(1);
    expect(closes()).toEqual([]);
    more(1);
    expect([log, closes()]).toEqual([['1 hello', '1 closed'], [1]]);
  });

  it('before the far end knew who holds the lease is not heard', () => {
    const holder = setUp();
    holder.hear(1, 'as to a follower', false);
    holder.hear(1, 'as to the holder', true);
    holder.control.say({ op: ControlOp.RELAY_CLOSE, id: 0, holder: false, channel: 1 });
    expect(holder.log).toEqual(['1 as to the holder']);
    const follower = setUp(false);
    follower.relay.open(follower.events(1)).send('hello');
    expect(follower.control.sent(ControlOp.RELAY)).toMatchObject([{ holder: false, channel: 1 }]);
    follower.hear(1, 'as to the holder', true);
    follower.hear(1, 'as to a follower', false);
    expect(follower.log).toEqual(['1 as to a follower']);
  });
});
