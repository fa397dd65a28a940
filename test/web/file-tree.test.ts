import { describe, expect, it } from 'vitest';
import { buildTree, checksOf, filesOf, visibleNodes } from '../../web/file-tree.ts';

const leaf = (path: string, size: number): { path: string[]; size: number } => ({ path: path.split('/'), size });
const FILES = [leaf('a/z.bin', 10), leaf('a/sub/x.txt', 1), leaf('b.bin', 5), leaf('a/sub/y.txt', 2)];

describe('the file tree', () => {
  const nodes = buildTree(FILES);
  const at = (name: string): number => nodes.findIndex(node => node.name === name);

  it('puts folders before files and sums their sizes', () => {
    expect(nodes.map(node => `${'  '.repeat(node.depth)}${node.name} ${node.size}`)).toEqual([
      'a 13',
      '  sub 3',
      '    x.txt 1',
      '    y.txt 2',
      '  z.bin 10',
      'b.bin 5',
    ]);
  });

  it('shows what stands in open folders', () => {
    const shown = (open: number[], search = ''): string[] =>
      visibleNodes(nodes, new Set(open), search).map(place => nodes[place]?.name ?? '');
    expect(shown([])).toEqual(['a', 'b.bin']);
    expect(shown([at('a')])).toEqual(['a', 'sub', 'z.bin', 'b.bin']);
    // An open folder inside a closed one stays hidden.
    expect(shown([at('sub')])).toEqual(['a', 'b.bin']);
    expect(shown([], 'Y.T')).toEqual(['a', 'sub', 'y.txt']);
    expect(shown([], 'sub')).toEqual([]);
  });

  it('knows all, some and none', () => {
    const wanted = new Set([0, 1]);
    const checks = checksOf(nodes, file => wanted.has(file));
    expect(nodes.map((node, place) => `${node.name} ${checks[place]}`)).toEqual([
      'a some',
      'sub some',
      'x.txt all',
      'y.txt none',
      'z.bin all',
      'b.bin none',
    ]);
    expect(checksOf(nodes, () => true)[at('a')]).toBe('all');
  });

  it('gives the files inside a folder', () => {
    expect(filesOf(nodes, at('sub')).sort()).toEqual([1, 3]);
    expect(filesOf(nodes, at('b.bin'))).toEqual([2]);
    expect(filesOf(nodes, 99)).toEqual([]);
  });

  it('takes names that look like an object’s own', () => {
    expect(buildTree([leaf('__proto__/constructor', 1)]).map(node => node.name)).toEqual(['__proto__', 'constructor']);
  });

  it('takes very deep and very many', () => {
    const deep = buildTree([{ path: Array.from({ length: 20_000 }, (_, depth) => `d${depth}`), size: 3 }]);
    expect(deep).toHaveLength(20_000);
    expect(deep[0]).toMatchObject({ end: 20_000, size: 3 });
    const wide = buildTree(Array.from({ length: 100_000 }, (_, index) => leaf(`all/${index}`, 1)));
    expect(wide[0]).toMatchObject({ end: 100_001, size: 100_000 });
  });
});
