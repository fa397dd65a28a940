/** A disk that is missing when host and io-daemon start. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { FileStatus } from '../../daemon/wire/frames.ts';
import { openFile } from '../daemon/fixture.ts';
import { IoProcess, ROOT } from '../daemon/io-process.ts';
import { canMount } from '../daemon/mount.ts';
import { tempFolder } from './temp.ts';

describe.skipIf(!canMount())('a disk that was there at one start (needs to mount one)', () => {
  let home: string;
  let disk: string;
  const plugIn = () => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
  const unplug = () => execFileSync('umount', ['-l', disk]);

  beforeEach(() => {
    home = tempFolder();
    disk = join(realpathSync(tempFolder()), 'disk');
    mkdirSync(disk);
    plugIn();
  });
  // What is not mounted just now need not be unmounted.
  afterEach(() => void spawnSync('umount', ['-l', disk]));

  it('and is away at the next is missing, nothing is made in the empty folder, and it is used when it is back', async () => {
    const first = await Roots.open(home, disk);
    expect(first.list[0]).toMatchObject({ problem: '' });
    expect(first.paths[0]).toMatchObject({ path: disk, mount: disk });
    unplug();
    const second = await Roots.open(home, null);
    expect(second.list[0]).toMatchObject({ problem: 'Its disk is not there.', free: -1 });
    const io = await IoProcess.start({ root: disk, mount: second.paths[0]?.mount ?? '' });
    try {
      const client = await io.connect();
      expect((await openFile(client, 1, 'new', 10)).status).toBe(FileStatus.NO_SUCH_ROOT);
      expect(readdirSync(disk)).toEqual([]);
      plugIn();
      expect(await second.refresh()).toBe(true);
      expect(second.list[0]).toMatchObject({ problem: '' });
      expect((await openFile(client, 2, 'new', 10)).status).toBe(FileStatus.OK);
      expect(readdirSync(disk)).toEqual(['new']);
    } finally {
      await io.stop();
    }
  });

  it('and was away when the io-daemon started is not taken for the folder in its place that this had seen', async () => {
    unplug();
    const io = await IoProcess.start({ root: disk });
    try {
      const client = await io.connect();
      expect((await openFile(client, 1, 'before', 10)).status).toBe(FileStatus.OK);
      plugIn();
      io.tell({ type: 'roots', roots: [{ token: ROOT, path: disk, mount: disk }] });
      await client.sync();
      unplug();
      expect((await openFile(client, 2, 'after', 10)).status).toBe(FileStatus.NO_SUCH_ROOT);
      plugIn();
      expect((await openFile(client, 3, 'after', 10)).status).toBe(FileStatus.OK);
    } finally {
      await io.stop();
    }
  });

  it('is waited for where its folder is asked for by name, and a folder below it is not made in its place', async () => {
    const below = join(disk, 'downloads');
    await Roots.open(home, below);
    unplug();
    const second = await Roots.open(home, below);
    expect(readdirSync(disk)).toEqual([]);
    expect(second.list).toMatchObject([{ problem: 'Its disk is not there.', free: -1, isDefault: true }]);
    plugIn();
    await Roots.open(home, below);
    expect(readdirSync(disk)).toEqual(['downloads']);
  });

  it('is waited for where its folder is asked for through a link, also one whose end is not there', async () => {
    const below = join(disk, 'downloads');
    const links = tempFolder();
    symlinkSync(disk, join(links, 'disk'));
    symlinkSync(below, join(links, 'folder'));
    for (const asked of [join(links, 'disk', 'downloads'), join(links, 'folder')]) {
      mkdirSync(below, { recursive: true });
      await Roots.open(home, asked);
      unplug();
      const second = await Roots.open(home, asked);
      expect(readdirSync(disk)).toEqual([]);
      expect(second.list).toMatchObject([{ problem: 'Its disk is not there.', isDefault: true }]);
      plugIn();
    }
  });

  it('gives way to a folder that a person has filled in its place and asks for', async () => {
    await Roots.open(home, disk);
    unplug();
    writeFileSync(join(disk, 'mine'), 'x');
    expect((await Roots.open(home, null)).list[0]?.problem).toBe('Its disk is not there.');
    const asked = await Roots.open(home, disk);
    expect(asked.list[0]).toMatchObject({ problem: '' });
    expect(asked.paths[0]?.mount).not.toBe(disk);
  });
});
