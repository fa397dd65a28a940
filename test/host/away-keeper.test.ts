import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AwayKeeper } from '../../daemon/host/away/keeper.ts';
import type { News } from '../../sw/view-model.ts';
import { tempFolder, until } from './temp.ts';

/** A keeper of threads that run this program. */
function setUp(program: string, heapMib?: number) {
  const file = join(tempFolder(), 'thread.mjs');
  writeFileSync(file, `import { parentPort, workerData } from 'node:worker_threads';\n${program}\n`);
  const [logged, said, happened]: [string[], string[], News[]] = [[], [], []];
  const keeper = new AwayKeeper(
    {
      program: file,
      data: token => ({ token, installId: '(away)', port: 1, origin: 'http://x', version: '0', isVerbose: false }),
      happened: news => happened.push(news),
      notice: text => said.push(text),
      log: (level, text) => logged.push(`${level} ${text}`),
    },
    heapMib,
  );
  onTestFinished(() => keeper.kill(false));
  let ends = 0;
  /** Runs one and waits for its end. */
  const run = async (): Promise<void> => {
    const before = ends;
    keeper.start('token', () => ends++);
    await until(() => ends > before, 'the thread to end');
  };
  return { keeper, logged, said, happened, run, ends: () => ends };
}

describe('the thread of the away engine', () => {
  it.each([
    ['throws', `throw new Error('broken');`],
    ['forgets a promise', `void Promise.reject(new Error('broken')); setInterval(() => {}, 1000);`],
    ['throws later', `setTimeout(() => { throw new Error('broken'); }, 5);`],
    ['ends the process', `process.exit(3);`],
  ])('that %s takes nothing with it, and its end is told', async (_what, program) => {
    const { run, logged, ends } = setUp(program);
    await run();
    expect(ends()).toBe(1);
    const crashes = logged.filter(line => line === 'error the away engine has crashed');
    expect(crashes).toHaveLength(program.includes('exit') ? 0 : 1);
  });

  it('that takes more memory than it may ends alone', async () => {
    const { run, logged } = setUp(`const all = []; for (;;) all.push(new Array(1000).fill(0.5));`, 16);
    await run();
    expect(logged).toContain('error the away engine has crashed');
    const plain = setUp(
      `import { resourceLimits } from 'node:worker_threads';
      parentPort.postMessage({ type: 'log', level: 'info', text: String(resourceLimits.maxOldGenerationSizeMb) });`,
    );
    await plain.run();
    expect(plain.logged).toContain('info away: 512');
  });

  it('that crashes each time is said aloud once, and again only after it had worked', async () => {
    const { run, said, logged } = setUp(`throw new Error('broken');`);
    for (let time = 0; time < 8; time++) await run();
    expect(said).toHaveLength(1);
    expect(logged.filter(line => line === 'error the away engine crashes each time')).toHaveLength(1);
  });

  it('that yields in between has not crashed each time', async () => {
    const { keeper, run, said, ends } = setUp(
      `if (workerData.token === 'token') throw new Error('broken'); setInterval(() => {}, 1000);`,
    );
    for (let time = 0; time < 4; time++) await run();
    keeper.start('good', () => undefined);
    keeper.kill(true);
    for (let time = 0; time < 4; time++) await run();
    expect(ends()).toBe(8);
    expect(said).toEqual([]);
    await run();
    expect(said).toHaveLength(1);
  });

  it('that is busy for ever is ended at once', async () => {
    const { keeper, happened, run } = setUp(`parentPort.postMessage({ type: 'happened', news: {} }); for (;;);`);
    const over = run();
    await until(() => happened.length > 0, 'it to be busy');
    keeper.kill(false);
    await over;
  });

  it('ends by itself before the host stops, and is killed where it does not', async () => {
    const willing = setUp(`
      parentPort.on('message', () => {
        parentPort.postMessage({ type: 'ended' });
        parentPort.close();
      });`);
    const over = willing.run();
    await willing.keeper.finish();
    await over;
    const busy = setUp(`setInterval(() => {}, 1000);`);
    const killed = busy.run();
    await busy.keeper.finish();
    await killed;
    await busy.keeper.finish();
  });

  it('is given its token alone by its data, and tells what happens, what is wrong, and that it is through', async () => {
    const news = `{ id: 'a', name: 'One', what: 'completed', at: 5 }`;
    const { keeper, run, happened, logged } = setUp(`
      parentPort.postMessage({ type: 'log', level: 'error', text: workerData.token + process.argv.slice(2).join() });
      parentPort.postMessage({ type: 'happened', news: ${news} });
      parentPort.postMessage({ type: 'work', has: false });
      parentPort.postMessage({ type: 'ended' });`);
    expect(keeper.hasWork).toBe(true);
    await run();
    expect(keeper.hasWork).toBe(false);
    expect(happened).toEqual([{ id: 'a', name: 'One', what: 'completed', at: 5 }]);
    expect(logged).toEqual(['info the away engine was started', 'error away: token']);
  });
});
