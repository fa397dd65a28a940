import { describe, expect, it } from 'vitest';
import { turn } from './harness.ts';
import { A, pause, setUp } from './torrents.ts';

describe('the lease', () => {
  it('is yielded once everything is flushed, and the last list stays', async () => {
    const { log, torrents, made, connect } = setUp();
    connect(1);
    made[0]!.isSlow = true;
    made[0]!.hasWork = false;
    log.length = 0;
    torrents.recalled();
    await turn();
    expect(log).toEqual(['1 close']);
    made[0]!.flushed?.();
    await turn();
    expect(log).toEqual(['1 close', '1 silence', 'replaced', 'yield false false']);
    expect(torrents.rows()).toMatchObject([{ id: A, state: 'waiting' }]);
  });

  it('is yielded, and the next engine can end in order, where one fails at its end', async () => {
    const { log, torrents, made, connect } = setUp();
    connect(1);
    made[0]!.isBroken = true;
    log.length = 0;
    await expect(torrents.rest()).rejects.toThrow('it is broken');
    expect(log).toEqual(['1 close', '1 silence', 'replaced', 'yield false true']);
    torrents.wake();
    connect(3);
    log.length = 0;
    await torrents.rest();
    expect(log).toEqual(['2 close', '2 silence', 'replaced', 'yield false true', 'rest']);
  });

  it('is yielded at once where no engine was made yet, and none is made then', async () => {
    const { log, torrents, link, answerLoad } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    torrents.recalled();
    await turn();
    expect(log).toEqual(['yield false true']);
    link.state = 'following';
    answerLoad([]);
    expect(log).toEqual(['yield false true']);
  });

  it('that is gone takes the engine with it, also one that is just ending', async () => {
    const { log, torrents, link, made, connect } = setUp();
    connect(1);
    made[0]!.isSlow = true;
    log.length = 0;
    torrents.recalled();
    link.state = 'following';
    torrents.leaseGone();
    await turn();
    expect(log).toEqual(['1 close', '1 silence', 'replaced']);
  });

  it('that comes again while the records are read has them read anew', () => {
    const { log, torrents, link, answerLoad } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    torrents.leaseGone();
    torrents.welcomed(3);
    answerLoad([{ key: 'old', value: new Uint8Array(0) }]);
    answerLoad([{ key: 'new', value: new Uint8Array(0) }]);
    expect(log.filter(line => line.includes('load'))).toEqual(['1 load new']);
  });

  it.each([
    ['waiting', 'connecting', null],
    ['followed', 'connected', 'Firefox on Linux'],
  ] as const)('that is %s is shown', (state, shown, following) => {
    const { torrents, link } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    Object.assign(link, { state: 'following', lease: { state, holder: following ?? '' } });
    expect(torrents.connection()).toMatchObject({ state: shown, following });
  });

  it('is taken on a command', async () => {
    const { log, torrents } = setUp();
    await torrents.run({ do: 'take' });
    expect(log).toEqual(['take']);
  });
});

describe('when nobody needs it', () => {
  it('the engine ends, then the connection, and both come back', async () => {
    const { log, torrents, connect } = setUp();
    connect(1);
    log.length = 0;
    await torrents.rest();
    await torrents.rest();
    expect(log).toEqual(['1 close', '1 silence', 'replaced', 'yield false true', 'rest']);
    torrents.wake();
    torrents.wake();
    expect(log.slice(5)).toEqual(['wake']);
  });

  it('and somebody does while it ends, it comes back once that is over', async () => {
    const { log, torrents, made, connect } = setUp();
    connect(1);
    made[0]!.isSlow = true;
    const rested = torrents.rest();
    torrents.wake();
    const paused = torrents.run(pause);
    log.length = 0;
    made[0]!.flushed?.();
    await rested;
    expect(log).toEqual(['1 silence', 'replaced', 'yield false true', 'rest', 'wake']);
    connect(2);
    await paused;
    expect(log.at(-1)).toBe('2 pause');
  });
});
