import { describe, expect, it } from 'vitest';
import { CONTRACT, ControlOp } from '../../daemon/wire/control.ts';
import { Op } from '../../daemon/wire/frames.ts';
import { credentials, Harness, turn, welcome } from './harness.ts';

describe('connecting', () => {
  it('authenticates first, on both sockets, and says hello once let in', async () => {
    const harness = new Harness();
    harness.link.pair(credentials);
    const control = harness.sockets.last;
    expect(control.url).toBe('ws://127.0.0.1:7800/control');
    expect(control.messages).toHaveLength(0);
    control.connect();
    expect(control.frames()).toEqual([
      { op: Op.AUTH, id: 0, token: 'token', origin: 'http://127.0.0.1:7800', installId: 'install' },
    ]);
    control.say({ op: Op.AUTH_RESULT, id: 0, ok: true, message: '', kept: [] });
    expect(control.sent(Op.CLIENT_HELLO)).toHaveLength(1);
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(7) });
    expect(harness.link.state).toBe('welcomed');

    const io = harness.sockets.last;
    expect(io.url).toBe('ws://127.0.0.1:5000/io');
    const kept = { buffer: 3, tag: new Uint8Array([1]), length: 10, state: 'open', ranges: [] } as const;
    io.admit([kept]);
    await turn();
    expect(io.sent(Op.AUTH)[0]?.token).toBe('ticket-7');
    expect(harness.link.state).toBe('linked');
    expect(harness.kept).toEqual([kept]);
    expect(harness.told).toEqual(['welcomed 7', 'linked']);
  });

  it('sends what is queued in one turn as one message, in order', async () => {
    const harness = new Harness();
    const { io } = harness.connect();
    await turn();
    const before = io.messages.length;
    for (let buffer = 1; buffer <= 100; buffer++) harness.link.io.send({ op: Op.RESULT_ACK, id: 0, buffer });
    await turn();
    expect(io.messages.length - before).toBe(1);
    expect(io.sent(Op.RESULT_ACK).map(({ buffer }) => buffer)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(harness.link.ioTraffic.sent).toBe(io.messages.reduce((sum, { length }) => sum + length, 0));
  });

  it('waits for an io-daemon that is not there yet', () => {
    const harness = new Harness();
    harness.link.pair(credentials);
    const control = harness.sockets.last;
    control.admit();
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1, { state: 'STARTING', port: 0, ticket: '' }) });
    harness.timers.advance(60_000);
    expect(harness.sockets.all).toHaveLength(1);
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1) });
    harness.sockets.last.admit();
    expect(harness.link.state).toBe('linked');
    expect(harness.told).toEqual(['welcomed 1', 'linked']);
  });

  it('stays unpaired where the token is refused', () => {
    const harness = new Harness();
    harness.link.pair(credentials);
    harness.sockets.last.connect();
    harness.sockets.last.say({ op: Op.AUTH_RESULT, id: 0, ok: false, message: 'not paired', kept: [] });
    expect(harness.link.state).toBe('unpaired');
    harness.timers.advance(600_000);
    expect(harness.sockets.all).toHaveLength(1);
  });

  it.each([
    [false, 'unpaired'],
    [true, 'lost'],
    [null, 'lost'],
  ])('that is refused before a word is what the host says of our origin: %j is %s', async (letsUsIn, state) => {
    const harness = new Harness();
    harness.letsUsIn = letsUsIn;
    harness.link.pair(credentials);
    harness.sockets.last.drop();
    await turn();
    expect(harness.link.state).toBe(state);
    harness.timers.advance(600_000);
    expect(harness.sockets.all.length > 1).toBe(state === 'lost');
    harness.link.pair({ ...credentials, token: 'new' });
    harness.sockets.last.admit();
    harness.sockets.last.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1) });
    expect(harness.link.state).toBe('welcomed');
  });
});

describe('the lease', () => {
  const following = (harness: Harness, state: 'waiting' | 'followed' = 'followed') => {
    const { control, io } = harness.connect();
    const view = { ...welcome(0, { port: 0, ticket: '' }), lease: { state, holder: 'Firefox' } };
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: view });
    return { control, io };
  };

  it('is renewed while it is held, and not after', () => {
    const harness = new Harness();
    const { control } = harness.connect(4);
    harness.timers.advance(12_000);
    expect(control.sent(ControlOp.LEASE_RENEW).map(({ epoch }) => epoch)).toEqual([4, 4]);
    harness.link.yield(false, true);
    harness.timers.advance(60_000);
    expect(control.sent(ControlOp.LEASE_RENEW)).toHaveLength(2);
  });

  it('is yielded when the host asks and the engine has ended, and the connection stays', () => {
    const harness = new Harness();
    const { control, io } = harness.connect(4);
    harness.told.length = 0;
    control.say({ op: ControlOp.EVENT, id: 0, event: { type: 'yield' } });
    expect(harness.told).toEqual(['recalled']);
    expect(harness.link.state).toBe('linked');
    harness.link.yield(false, false);
    expect(control.sent(ControlOp.LEASE_YIELD)).toMatchObject([{ epoch: 4, reserve: 0, work: false }]);
    expect([harness.link.state, io.isClosed, control.isClosed]).toEqual(['following', true, false]);
    expect(harness.told).toEqual(['recalled', 'unlinked', 'lease gone']);
  });

  it('that another got while this end was silent is gone, and this end says that it is there again', () => {
    const harness = new Harness();
    const { control, io } = following(harness);
    expect([harness.link.state, harness.link.lease, io.isClosed]).toEqual([
      'following',
      { state: 'followed', holder: 'Firefox' },
      true,
    ]);
    expect(control.sent(ControlOp.LEASE_RENEW)).toHaveLength(1);
    expect(harness.told.slice(-2)).toEqual(['unlinked', 'lease gone']);
  });

  it('is asked for, and comes with the next epoch', () => {
    const harness = new Harness();
    const { control } = following(harness);
    harness.link.take();
    expect(control.sent(ControlOp.LEASE_TAKE)).toHaveLength(1);
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(3) });
    harness.sockets.last.admit();
    expect([harness.link.state, harness.link.epoch]).toEqual(['linked', 3]);
    expect(harness.told.slice(-2)).toEqual(['welcomed 3', 'linked']);
  });

  it('is waited for on a new connection where a person asks for one', () => {
    const harness = new Harness();
    const { control } = following(harness, 'waiting');
    harness.link.reconnect();
    expect([harness.link.state, control.isClosed]).toEqual(['connecting', true]);
    expect(harness.sockets.all).toHaveLength(3);
  });

  it('rests without a connection until it is woken', () => {
    const harness = new Harness();
    const { control } = following(harness);
    harness.link.rest();
    expect([harness.link.state, control.isClosed]).toEqual(['resting', true]);
    harness.timers.advance(600_000);
    expect(harness.sockets.all).toHaveLength(2);
    harness.link.wake();
    expect(harness.link.state).toBe('connecting');
    expect(harness.sockets.all).toHaveLength(3);
  });
});

describe('losing it', () => {
  it('tells the root before it answers what waits', () => {
    const harness = new Harness();
    const { control } = harness.connect();
    harness.link.io.ask(
      id => ({ op: Op.STATS, id }),
      reply => harness.told.push(`answered ${reply === null}`),
    );
    harness.link.io.onClosed(() => harness.told.push('closed'));
    harness.told.length = 0;
    control.drop();
    expect(harness.told).toEqual(['unlinked', 'answered true', 'closed']);
    expect(harness.link.state).toBe('lost');
  });

  it('comes back ever more slowly, and at once when asked', () => {
    const harness = new Harness();
    const { control } = harness.connect();
    control.drop();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      const opened = harness.sockets.all.length;
      const start = harness.timers.now;
      while (harness.sockets.all.length === opened) harness.timers.advance(1);
      waits.push(harness.timers.now - start);
      harness.sockets.last.drop();
    }
    expect(waits).toEqual([188, 375, 750, 1500, 3000, 6000, 7500, 7500, 7500]);
    expect(harness.link.failing).toBe(true);
    const opened = harness.sockets.all.length;
    harness.link.reconnect();
    expect(harness.sockets.all).toHaveLength(opened + 1);
    expect(harness.link.failing).toBe(false);
  });

  it('gives up on a host that does not answer', () => {
    const harness = new Harness();
    harness.link.pair(credentials);
    harness.sockets.last.connect();
    harness.timers.advance(5_000);
    expect(harness.link.state).toBe('lost');
    expect(harness.sockets.last.isClosed).toBe(true);
  });

  it('gives up on one that never says welcome', () => {
    const harness = new Harness();
    harness.link.pair(credentials);
    harness.sockets.last.admit();
    harness.timers.advance(15_000);
    expect(harness.link.state).toBe('lost');
  });

  it.each([
    ['older', -1, 'oldHelper'],
    ['newer', 1, 'oldApp'],
  ] as const)(
    'is left where the host speaks an %s contract, before anything is said, until it is asked again',
    (_, by, state) => {
      const harness = new Harness();
      harness.link.pair(credentials);
      harness.sockets.last.connect();
      const control = harness.sockets.last;
      control.say({ op: Op.AUTH_RESULT, id: 0, ok: true, message: '', kept: [] });
      control.say({ op: ControlOp.HOST_HELLO, id: 0, contract: CONTRACT + by });
      control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1, { port: 1, ticket: 't' }) });
      expect(harness.link.state).toBe(state);
      expect(control.isClosed).toBe(true);
      harness.timers.advance(600_000);
      expect(harness.sockets.all).toHaveLength(1);
      harness.link.reconnect();
      harness.sockets.last.connect();
      harness.sockets.last.say({ op: Op.AUTH_RESULT, id: 0, ok: true, message: '', kept: [] });
      harness.sockets.last.say({ op: ControlOp.HOST_HELLO, id: 0, contract: CONTRACT });
      expect(harness.link.state).toBe('connecting');
    },
  );

  it('does not fight back when superseded', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    control.say({ op: ControlOp.EVENT, id: 0, event: { type: 'superseded' } });
    expect(harness.link.state).toBe('superseded');
    expect([control.isClosed, io.isClosed]).toEqual([true, true]);
    harness.timers.advance(600_000);
    expect(harness.sockets.all).toHaveLength(2);
    harness.link.reconnect();
    expect(harness.link.state).toBe('connecting');
  });

  it('takes what cannot be read for a loss', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    io.deliver(new Uint8Array([1, 2, 3]));
    expect(harness.link.state).toBe('welcomed');
    expect(io.isClosed).toBe(true);
    control.deliver(new Uint8Array(8));
    expect(harness.link.state).toBe('lost');
  });

  it('closes a connection whose far end has stopped reading', async () => {
    const harness = new Harness();
    const { io } = harness.connect();
    io.buffered = 64 << 20;
    harness.link.io.send({ op: Op.RESULT_ACK, id: 0, buffer: 1 });
    await turn();
    expect(io.isClosed).toBe(true);
    expect(harness.link.state).toBe('welcomed');
  });
});

describe('the io-daemon alone', () => {
  it('is tried again while the host stands', () => {
    const harness = new Harness();
    const { io } = harness.connect();
    io.drop();
    expect(harness.link.state).toBe('welcomed');
    expect(harness.sockets.all).toHaveLength(2);
    harness.timers.advance(250);
    expect(harness.sockets.all).toHaveLength(3);
    harness.sockets.last.admit();
    expect(harness.link.state).toBe('linked');
    expect(harness.told.slice(-3)).toEqual(['linked', 'unlinked', 'linked']);
  });

  it('is reached where it stands after a restart, at once', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    io.drop();
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1, { port: 6000, ticket: 'fresh' }) });
    expect(harness.sockets.last.url).toBe('ws://127.0.0.1:6000/io');
    harness.sockets.last.admit();
    expect(harness.link.state).toBe('linked');
    harness.timers.advance(60_000);
    expect(harness.sockets.all).toHaveLength(3);
  });

  it('is left for its successor even before the old socket closes', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(1, { ticket: 'fresh' }) });
    expect(io.isClosed).toBe(true);
    expect(harness.told.at(-1)).toBe('unlinked');
    harness.sockets.last.admit();
    expect(harness.link.state).toBe('linked');
  });

  it('is started when asked for after it was given up', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    io.drop();
    const gaveUp = welcome(1, { state: 'STOPPED', port: 0, ticket: '', gaveUp: true });
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: gaveUp });
    expect(harness.link.gaveUp).toBe(true);
    harness.timers.advance(60_000);
    expect(harness.sockets.all).toHaveLength(2);
    harness.link.reconnect();
    expect(control.sent(ControlOp.IO_START)).toHaveLength(1);
  });
});

describe('closing', () => {
  it('opens nothing again', () => {
    const harness = new Harness();
    const { control, io } = harness.connect();
    harness.link.close();
    expect([control.isClosed, io.isClosed]).toEqual([true, true]);
    harness.link.reconnect();
    harness.timers.advance(600_000);
    expect(harness.sockets.all).toHaveLength(2);
  });
});

describe('pairing', () => {
  const app = { id: 'beef', name: 'Firefox on Linux', origin: 'https://app.example', pairedAt: 1, usedAt: 0, isThis: true };

  it('takes a new token, comes with it from then on, and has it remembered', () => {
    const harness = new Harness();
    const { control } = harness.connect();
    control.say({ op: ControlOp.TOKEN, id: 0, token: 'fresh' });
    expect(harness.told).toContain('renewed fresh 7800');
    control.drop();
    harness.timers.advance(10_000);
    const again = harness.sockets.last;
    again.connect();
    expect(again.frames()[0]).toMatchObject({ op: Op.AUTH, token: 'fresh' });
  });

  it('knows who is paired, and has one of them forgotten', () => {
    const harness = new Harness();
    const { control } = harness.connect();
    control.say({ op: ControlOp.PAIRED_APPS, id: 0, apps: [app] });
    expect(harness.link.pairedApps).toEqual([app]);
    const done: boolean[] = [];
    harness.link.unpair('beef', isDone => done.push(isDone));
    const [asked] = control.sent(ControlOp.UNPAIR);
    expect(asked).toMatchObject({ app: 'beef' });
    control.say({ op: ControlOp.PAIRED_APPS, id: asked!.id, apps: [] });
    expect(done).toEqual([true]);
    expect(harness.link.pairedApps).toEqual([]);
    harness.link.unpair('dead', isDone => done.push(isDone));
    control.drop();
    expect(done).toEqual([true, false]);
  });

  it('is over at once when the host says so, whoever asked for it', () => {
    const harness = new Harness();
    const { control } = harness.connect();
    const done: boolean[] = [];
    harness.link.unpair('beef', isDone => done.push(isDone));
    control.say({ op: ControlOp.EVENT, id: 0, event: { type: 'unpaired' } });
    expect(harness.link.state).toBe('unpaired');
    expect(done).toEqual([true]);
    const before = harness.sockets.all.length;
    harness.timers.advance(60_000);
    expect(harness.sockets.all).toHaveLength(before);
  });
});
