/** A folder is found in the app, as the helper has no screen here, and downloads go to it; through the real worker and host. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { magnetOf, makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

describe.skipIf(missing !== '')(titled('the folders of the helper'), () => {
  let world: World;
  let person: string;

  beforeEach(async () => {
    person = realpathSync(mkdtempSync(join(tmpdir(), 'starling-person-')));
    mkdirSync(join(person, 'Videos'));
    vi.stubEnv('HOME', person);
    vi.stubEnv('DISPLAY', '');
    vi.stubEnv('WAYLAND_DISPLAY', '');
    world = await World.make();
  });
  afterEach(async context => {
    vi.unstubAllEnvs();
    await world.tell(context);
    await world.end();
    rmSync(person, { recursive: true, force: true });
  });

  it('are gone through and made in the app; one that a torrent uses stays', async () => {
    const { page } = world.app;
    await page.click({ role: 'button', name: 'Settings' });
    await page.click({ role: 'button', name: 'Add folder…' });
    await page.click({ role: 'button', name: 'Home' });
    await page.click({ role: 'button', name: 'Videos' });
    await page.click({ role: 'button', name: 'New folder' });
    await page.click({ role: 'textbox', name: 'Name of the new folder' });
    await page.type('Films');
    await page.press('Enter');
    await page.find({ role: 'heading', name: 'Films' });
    await page.click({ role: 'button', name: 'Add this folder' });
    await page.click({ role: 'button', name: 'Actions for Films' });
    await page.click({ role: 'menuitem', name: 'Make default' });
    await page.click({ role: 'button', name: /^All/ });
    const payload = makePayload(join(world.dir, 'seed'), 'film.bin', [{ path: [], size: 2_000_000 }], { pieceLength: 65_536 });
    const seed = await world.seed(payload);
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    await world.app.complete(payload.name);
    await until('the file in the new folder', () => readdirSync(join(person, 'Videos/Films')).includes('film.bin'));
    await page.click({ role: 'button', name: 'Settings' });
    await page.click({ role: 'button', name: 'Actions for Films' });
    await page.click({ role: 'menuitem', name: 'Remove from list' });
    await page.waitForText('so it was not removed');
    expect(readdirSync(join(person, 'Videos/Films'))).toEqual(['film.bin']);
  });
});
