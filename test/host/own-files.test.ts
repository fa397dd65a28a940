import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_OWN, OwnFiles } from '../../daemon/host/folders/own-files.ts';
import { tempFolder } from './temp.ts';

const open = (home: string): Promise<OwnFiles> => OwnFiles.open(home, () => undefined);

describe('files that are of torrents', () => {
  it('are known to the next host, and so many, the oldest forgotten', async () => {
    const home = tempFolder();
    const own = await open(home);
    for (let n = 0; n <= MAX_OWN; n++) own.add('root', `${n}.torrent`, 'a');
    own.add('root', '1.torrent', 'b');
    await own.settled();
    for (const each of [own, await open(home)]) {
      expect(each.has('root', '0.torrent', 'a')).toBe(false);
      expect(each.has('root', '2.torrent', 'a')).toBe(true);
      expect(each.has('root', `${MAX_OWN}.torrent`, 'a')).toBe(true);
      expect(each.has('other', '2.torrent', 'a')).toBe(false);
      // Another file has its name.
      expect(each.has('root', '1.torrent', 'a')).toBe(false);
      expect(each.has('root', '1.torrent', 'b')).toBe(true);
    }
  });

  it('are none where what says so is torn', async () => {
    const home = tempFolder();
    writeFileSync(join(home, 'own-files.json'), '{"root/a.torrent": "a');
    const own = await open(home);
    expect(own.has('root', 'a.torrent', 'a')).toBe(false);
    own.add('root', 'a.torrent', 'a');
    await own.settled();
    expect((await open(home)).has('root', 'a.torrent', 'a')).toBe(true);
  });
});
