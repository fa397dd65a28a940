/** Each part of the app brings the texts that it shows: those of the first screen are there, others are named where the part is loaded. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIRST, LATER, read } from '../../bin/words.mjs';

const web = join(import.meta.dirname, '../../web');
const files = readdirSync(web, { recursive: true, encoding: 'utf8' }).filter(name => /\.tsx?$/.test(name));
const areas = new Set(Object.keys(read('en')));

interface Module {
  readonly uses: readonly string[];
  readonly imports: readonly string[];
  readonly loads: readonly { readonly path: string; readonly with: readonly string[] }[];
}

const resolve = (from: string, to: string): string => relative(web, join(web, from, '..', to));
const all = (text: string, pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([, first = '']) => first);

function readModule(path: string): Module {
  const text = readFileSync(join(web, path), 'utf8');
  // What is named behind an import belongs to it, up to the next one.
  const loads = [...text.matchAll(/\bimport\(\s*'(\.[^']+)'\s*\)([^]*?)(?=\bimport\(|$)/g)].map(([, to = '', behind = '']) => ({
    path: resolve(path, to),
    with: all(behind, /'(\w+)'/g).filter(name => areas.has(name)),
  }));
  return {
    uses: [...new Set(all(text, /\bwords\.(\w+)/g))].filter(name => areas.has(name)),
    imports: all(text, /^(?:import|export) (?!type )[^;]*?'(\.[^']+)';/gm).map(to => resolve(path, to)),
    loads,
  };
}

const modules = new Map(files.map(path => [path, readModule(path)]));

/** What is evaluated together with a module. */
function closureOf(start: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    const found = modules.get(path);
    if (found === undefined) return;
    seen.add(path);
    found.imports.forEach(walk);
  };
  walk(start);
  return seen;
}

const usedBy = (paths: Iterable<string>): readonly string[] => [
  ...new Set([...paths].flatMap(path => modules.get(path)?.uses ?? [])),
];

it('each area that comes with others is there, and comes with one part alone', () => {
  const grouped = [FIRST, ...Object.values(LATER)].flat();
  expect(grouped.filter((area, at) => !areas.has(area) || grouped.indexOf(area) < at)).toEqual([]);
  // An area that comes alone is a part by its own name.
  const parts = Object.entries(LATER);
  expect(parts.filter(([name, within]) => areas.has(name) && !within.includes(name))).toEqual([]);
});

it('the first screen shows no others', () => {
  const first = closureOf('main.tsx');
  expect(first.size).toBeGreaterThan(30);
  expect(usedBy(first).filter(area => !FIRST.includes(area))).toEqual([]);
});

it.each(['quick/main.tsx', 'approve.ts'])('the page of %s loads the areas that it shows', path => {
  const asked = all(readFileSync(join(web, path), 'utf8'), /'(\w+)'/g);
  expect(usedBy(closureOf(path)).filter(area => !FIRST.includes(area) && !asked.includes(area))).toEqual([]);
});

describe.each([...modules].flatMap(([from, { loads }]) => loads.map(load => ({ from, ...load }))))(
  '$path, as $from loads it',
  load => {
    it('comes with its texts', () => {
      const lacking = usedBy(closureOf(load.path)).filter(area => !FIRST.includes(area) && !load.with.includes(area));
      expect(lacking, `name these areas where ${load.from} loads ${load.path}`).toEqual([]);
    });
  },
);
