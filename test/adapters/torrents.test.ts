import { describe, expect, it } from 'vitest';
import { turn } from './harness.ts';
import { pause, row, setUp } from './torrents.ts';

describe('folders', () => {
  it('are told to the engine that there is, each time they are others', () => {
    const { log, link, to, connect } = setUp();
    const root = { token: 't', name: 'n', free: 1, isDefault: true, trash: true, problem: '' };
    link.roots = [root];
    connect(1);
    expect(log.filter(line => line.includes('roots'))).toEqual(['1 roots 1']);
    to('linked');
    link.roots = [{ ...root, free: 2 }];
    to('linked');
    expect(log.filter(line => line.includes('roots'))).toEqual(['1 roots 1', '1 roots 2']);
  });
});

describe('starting', () => {
  it('loads the records, then attaches what outlived the last life', () => {
    const { log, torrents, answerLoad, link } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    link.state = 'welcomed';
    torrents.welcomed(1);
    link.state = 'linked';
    torrents.linked(['x', 'y']);
    expect(torrents.connection().state).toBe('connecting');
    answerLoad([{ key: 'k', value: new Uint8Array(0) }]);
    expect(log).toEqual(['pair t', 'keep ever', '1 load k', 'replaced', '1 attach x,y']);
    expect(torrents.connection()).toMatchObject({ state: 'connected', everConnected: true });
  });

  it('shows the last list until then', () => {
    const { torrents, answerLoad, link } = setUp();
    torrents.remember(true, [row('waiting')]);
    expect(torrents.rows()).toEqual([row('waiting')]);
    link.state = 'welcomed';
    torrents.welcomed(1);
    answerLoad([]);
    expect(torrents.rows()).toEqual([row('downloading')]);
  });

  it('asks again where the host went away while it loaded', () => {
    const { log, torrents, answerLoad, link, lose, connect } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    answerLoad(null);
    lose();
    connect(2);
    expect(log).toContain('1 attach ');
  });

  it('says connecting until it is known that there is no token', () => {
    const { torrents } = setUp();
    expect(torrents.connection().state).toBe('connecting');
    torrents.begin(null);
    expect(torrents.connection().state).toBe('unpaired');
  });
});

describe('losing the connection', () => {
  it('keeps the engine where nobody else came in between', () => {
    const { log, connect, lose } = setUp();
    connect(1);
    log.length = 0;
    lose();
    connect(2);
    expect(log).toEqual(['1 detach', '1 attach ', '1 lost at 1700000000000']);
  });

  it('reads the records anew where somebody did', () => {
    const { log, connect, lose } = setUp();
    connect(1);
    log.length = 0;
    lose();
    connect(3);
    expect(log).toEqual(['1 detach', '1 silence', 'replaced', '2 load k', 'replaced', '2 attach ', '2 lost at 1700000000000']);
  });

  it('does not detach an engine that was not attached yet', () => {
    const { log, torrents, link, lose, answerLoad } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    link.state = 'linked';
    torrents.linked([]);
    lose();
    answerLoad(null);
    expect(log.filter(line => line.includes('detach'))).toEqual([]);
  });
});

describe('settings', () => {
  it('that cannot be saved are said to be in force, and no more than that', async () => {
    const { log, torrents, made, connect } = setUp();
    connect(1);
    await torrents.run({ do: 'configure', settings: { encryption: 'off' } });
    made[0]!.unsaved = new Error('the disk is full');
    await expect(torrents.run({ do: 'configure', settings: { encryption: 'require' } })).rejects.toThrow('the disk is full');
    expect(log.slice(-2)).toEqual(['1 configure off', '1 configure require']);
  });
});

describe('the connection as shown', () => {
  it.each([
    ['connecting', false, false, 'connecting'],
    ['lost', false, false, 'connecting'],
    ['connecting', true, false, 'disconnected'],
    ['lost', true, false, 'disconnected'],
    ['welcomed', false, false, 'connecting'],
    ['welcomed', false, true, 'disconnected'],
    ['superseded', false, false, 'disconnected'],
  ] as const)('%s, failing: %s, given up: %s is %s', (state, failing, gaveUp, shown) => {
    const { torrents, link } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    Object.assign(link, { state, failing, gaveUp });
    expect(torrents.connection()).toMatchObject({ state: shown, gaveUp, superseded: state === 'superseded' });
  });
});

describe('commands', () => {
  it('wait for an engine that is on its way', async () => {
    const { log, torrents, connect } = setUp();
    const done = torrents.run(pause);
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    connect(1);
    await done;
    expect(log.at(-1)).toBe('1 pause');
  });

  it.each([
    ['unpaired', 'unpaired'],
    ['superseded', 'superseded'],
    ['lost', 'daemon-away'],
  ] as const)('are refused while %s', async (state, code) => {
    const { torrents, link, connect, lose } = setUp();
    torrents.begin(null);
    connect(1);
    lose();
    Object.assign(link, { state, failing: true });
    await expect(torrents.run(pause)).rejects.toMatchObject({ code });
  });

  it('that wait are refused once it is known that the host is not there', async () => {
    const { torrents, link, to } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    to('connecting');
    const refused = expect(torrents.run(pause)).rejects.toMatchObject({ code: 'daemon-away' });
    link.failing = true;
    to('lost');
    await refused;
  });

  it('pair and reconnect go to the link', async () => {
    const { log, torrents } = setUp();
    await torrents.run({ do: 'pair', token: 'secret', installId: 'i', port: 7800 });
    await torrents.run({ do: 'reconnect' });
    await torrents.run({ do: 'unpair', app: 'beef' });
    await expect(torrents.run({ do: 'unpair', app: 'dead' })).rejects.toMatchObject({ code: 'not-unpaired' });
    expect(log).toEqual(['keep secret', 'pair secret', 'reconnect', 'unpair beef', 'unpair dead']);
  });
});

describe('closing', () => {
  it('lets the engine record what it has, and does nothing after', async () => {
    const { log, torrents, connect } = setUp();
    connect(1);
    log.length = 0;
    await torrents.close(true);
    await torrents.close();
    await turn();
    expect(log).toEqual(['1 close', '1 silence', 'replaced', 'yield true true', 'close link']);
    await expect(torrents.run(pause)).rejects.toMatchObject({ code: 'updating' });
  });
});
