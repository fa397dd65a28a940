/** Files moved and renamed in the app, while workers are ended. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

const MiB = 1 << 20;
const FILES = [
  { path: ['one.bin'], size: 9 * MiB + 1 },
  { path: ['in', 'two.bin'], size: 3 * MiB },
];

describe.skipIf(missing !== '')(titled('files on the move, end to end'), () => {
  let world: World;
  let payload: Payload;
  beforeAll(async () => {
    world = await World.make({ others: ['second place'] });
    payload = makePayload(join(world.dir, 'seed'), 'to be moved', FILES, { pieceLength: 256 << 10 });
    const seed = await world.seed(payload);
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    await world.app.complete(payload.name);
  });
  afterEach(context => world.tell(context));
  afterAll(() => world?.end());

  const isThere = (path: string, own: string): boolean =>
    existsSync(path) && readFileSync(path).equals(readFileSync(join(payload.dir, payload.name, own)));

  it('are in the folder that was chosen, though the worker ended meanwhile', async () => {
    const { app } = world;
    await app.choose(payload.name, 'Move to…');
    await app.page.click({ role: 'button', name: 'Move' });
    await app.page.gone({ role: 'button', name: 'Move' });
    await app.page.stopWorkers();
    const there = join(world.dir, 'second place', payload.name);
    await until('the files to be there', () => FILES.every(({ path }) => isThere(join(there, ...path), join(...path))), 60_000);
    await app.complete(payload.name);
    await until('nothing to be left', () => readdirSync(world.downloads).length === 0);
  });

  it('have the names that were given to them', async () => {
    const { page } = world.app;
    await world.app.select(payload.name);
    await page.press('Enter');
    await page.click({ role: 'tab', name: /^Files/ });
    await page.click({ role: 'button', name: 'Rename one.bin' });
    await page.find({ role: 'textbox', name: 'New name of one.bin' });
    await page.selectAll();
    await page.type('first.bin');
    await page.press('Enter');
    const there = join(world.dir, 'second place', payload.name);
    await until('the new name', () => isThere(join(there, 'first.bin'), 'one.bin') && !existsSync(join(there, 'one.bin')));
    await page.waitForText('first.bin');
    await world.app.complete(payload.name);
    expect(readdirSync(there).sort()).toEqual(['first.bin', 'in']);
  });
});
