import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));
const tsconfigs = ['tsconfig.base.json', 'daemon/tsconfig.json', 'sw/tsconfig.json', 'sw/engine/tsconfig.json'];

/** One violation of each rule. `says` tells apart what no-restricted-syntax forbids. */
const planted: [rule: string, says: string, file: string, text: string][] = [
  ['@typescript-eslint/no-floating-promises', '', 'daemon/a.ts', 'async function f() {}\nexport function g() { f(); }'],
  [
    '@typescript-eslint/no-misused-promises',
    '',
    'daemon/b.ts',
    'export const f = (): void => { [1].forEach(async () => { await Promise.resolve(); }); };',
  ],
  ['@typescript-eslint/await-thenable', '', 'daemon/c.ts', 'export const f = async (): Promise<number> => await 1;'],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    '',
    'sw/engine/d.ts',
    `export function f(x: 'a' | 'b'): number { switch (x) { case 'a': return 1; } return 2; }`,
  ],
  ['@typescript-eslint/no-explicit-any', '', 'sw/e.ts', 'export const f = (x: any): void => { void x; };'],
  ['@typescript-eslint/no-unsafe-return', '', 'sw/f.ts', 'export const f = (x: string): number => JSON.parse(x);'],
  ['@typescript-eslint/no-unnecessary-type-assertion', '', 'sw/g.ts', 'export const f = (x: number): number => x as number;'],
  ['@typescript-eslint/only-throw-error', '', 'daemon/h.ts', `export function f(): never { throw 'no'; }`],
  [
    '@typescript-eslint/consistent-type-imports',
    '',
    'daemon/i.ts',
    `import { Socket } from 'node:net';\nexport type S = Socket;`,
  ],
  ['@typescript-eslint/ban-ts-comment', '', 'daemon/j.ts', '// @ts-ignore\nexport const x = 1;'],
  ['no-restricted-syntax', 'default export', 'daemon/k.ts', 'export default 1;'],
  ['no-restricted-syntax', 'Import from the file', 'sw/l.ts', `export * from './e.ts';`],
  ['no-restricted-syntax', 'told the time', 'sw/engine/m.ts', 'export const f = (): number => Date.now();'],
  ['no-restricted-syntax', 'told the time', 'sw/engine/n.ts', 'export const f = (): object => new Date();'],
  ['no-restricted-syntax', 'random numbers', 'sw/engine/o.ts', 'export const f = (): number => Math.random();'],
  ['no-restricted-syntax', 'told the time', 'sw/engine/index.ts', 'export const f = (): number => Date.now();'],
  ['max-lines', '', 'sw/p.ts', Array.from({ length: 351 }, (_, i) => `export const x${i} = ${i};`).join('\n')],
  ['eqeqeq', '', 'sw/q.ts', 'export const f = (x: number): boolean => x == 1;'],
  ['no-var', '', 'sw/r.ts', 'export var x = 1;'],
  ['prefer-const', '', 'sw/s.ts', 'let x = 1;\nexport const y = x;'],
  ['no-empty', '', 'sw/t.ts', 'export function f(): void { try { f(); } catch {} }'],
];
const harmless: [file: string, text: string][] = [
  ['sw/engine/index.ts', `export { x } from './x.ts';`],
  ['sw/engine/x.ts', 'export const x = 1;\n'],
  ['daemon/clock.ts', 'export const now = (): number => Date.now();\n'],
  ['sw/long.ts', Array.from({ length: 300 }, (_, i) => `export const x${i} = ${i};\n\n`).join('')],
];

describe('lint rules', () => {
  let root = '';
  const lint = async (file: string, text: string): Promise<{ rule: string | null; message: string }[]> => {
    const path = join(root, file);
    writeFileSync(path, text);
    const eslint = new ESLint({ cwd: root, overrideConfigFile: join(project, 'eslint.config.js') });
    const results = await eslint.lintFiles([path]);
    rmSync(path);
    return results.flatMap(result => result.messages.map(({ ruleId, message }) => ({ rule: ruleId, message })));
  };

  beforeAll(() => {
    // Inside the project, so that `node` types and packages resolve as they do for it.
    mkdirSync(join(project, '.cache'), { recursive: true });
    root = mkdtempSync(join(project, '.cache', 'lint-'));
    for (const file of tsconfigs) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      copyFileSync(join(project, file), join(root, file));
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(planted)('%s fires (%s)', { timeout: 30_000 }, async (rule, says, file, text) => {
    const found = (await lint(file, text)).filter(message => message.rule === rule);
    expect(found.map(({ message }) => message).join('\n')).toContain(says);
    expect(found).not.toEqual([]);
  });

  it.each(harmless)('%s passes', { timeout: 30_000 }, async (file, text) => {
    expect(await lint(file, text)).toEqual([]);
  });
});
