import { describe, expect, it } from 'vitest';
import { Presence } from '../../sw/presence.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { turn } from './harness.ts';

function setUp() {
  const timers = new FakeTimers();
  const log: string[] = [];
  const world = { isThere: true };
  const presence = new Presence({
    after: timers.after,
    isSomebodyThere: () => Promise.resolve(world.isThere),
    came: () => log.push('came'),
    left: () => log.push('left'),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 500) {
      timers.advance(500);
      await turn();
    }
  };
  return { presence, log, world, pass };
}

describe('whether anybody needs the engine', () => {
  it('is looked at a second after somebody went', async () => {
    const { presence, log, world, pass } = setUp();
    presence.come();
    await pass(5_000);
    world.isThere = false;
    presence.lookLater();
    await pass(500);
    expect(log).toEqual(['came']);
    await pass(500);
    expect(log).toEqual(['came', 'left']);
    await pass(5_000);
    expect(log).toEqual(['came', 'left']);
  });

  it('does not change for a page that is loaded anew', async () => {
    const { presence, log, world, pass } = setUp();
    presence.come();
    world.isThere = false;
    presence.lookLater();
    await pass(500);
    world.isThere = true;
    presence.come();
    await pass(5_000);
    expect(log).toEqual(['came', 'came']);
  });

  it('is noticed of a page that went without a word', async () => {
    const { presence, log, world, pass } = setUp();
    presence.come();
    await pass(3_000);
    world.isThere = false;
    await pass(1_000);
    expect(log).toEqual(['came', 'left']);
  });

  it('is not decided by a look that somebody came in the middle of', async () => {
    const timers = new FakeTimers();
    const log: string[] = [];
    let answer: (isThere: boolean) => void = () => undefined;
    const presence = new Presence({
      after: timers.after,
      isSomebodyThere: () => new Promise(resolve => (answer = resolve)),
      came: () => log.push('came'),
      left: () => log.push('left'),
    });
    presence.lookLater();
    timers.advance(1_000);
    presence.come();
    answer(false);
    await turn();
    expect(log).toEqual(['came']);
  });
});
