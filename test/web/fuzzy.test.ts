import { describe, expect, it } from 'vitest';
import { Fuzzy } from '../../web/fuzzy.ts';

const found = async (names: readonly string[], text: string, most = 8): Promise<readonly string[] | undefined> =>
  (await new Fuzzy(names, name => name).find(text, most, new AbortController().signal))?.map(({ item }) => item);

describe('finding by some letters of a name', () => {
  it('has the best first, and what is as good in its order', async () => {
    expect(await found(['Theme: dark', 'Upload limit', 'Download limit'], 'down lim')).toEqual(['Download limit']);
    expect(await found(['part one', 'other', 'part two'], 'part')).toEqual(['part one', 'part two']);
    expect(await found(['Über', 'uber'], 'über')).toEqual(['Über', 'uber']);
    expect(await found(['a', 'b'], 'xyz')).toEqual([]);
  });

  it('says where the letters are', async () => {
    const [match] = (await new Fuzzy(['Slow mode on'], name => name).find('mode', 1, new AbortController().signal)) ?? [];
    expect(match?.pieces).toEqual(['Slow ', 'mode', ' on']);
  });

  it('gives others a turn among many, and ends where it is called off then', async () => {
    const names = Array.from({ length: 60_000 }, (_, index) => `Collection ${index}, part ${(index * 31) % 1000}`);
    expect(await found(names, '59999', 1)).toEqual(['Collection 59999, part 969']);
    const ended = new AbortController();
    setTimeout(() => ended.abort());
    expect(await new Fuzzy(names, name => name).find('coll', 8, ended.signal)).toBeNull();
  });
});
