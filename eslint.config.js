/**
 * What the compiler cannot see: promises that nobody waits for, switches that forget a case, clocks and dice in the
 * engine. Imports between folders are dependency-cruiser's business (.dependency-cruiser.cjs).
 */
import tseslint from 'typescript-eslint';

const sources = ['**/*.ts', '**/*.tsx'];
const configs = ['*.config.{js,ts}', 'test/**/*.config.ts', '.dependency-cruiser.cjs'];

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Export by name: a default export has another name in every file that imports it.',
};
const noBarrel = {
  selector: 'ExportAllDeclaration, ExportNamedDeclaration[source]',
  message: 'Import from the file that has it. Only sw/engine/index.ts is a door.',
};
const noRealTime = [
  {
    selector: 'NewExpression[callee.name="Date"], CallExpression[callee.name="Date"]',
    message: 'The engine is told the time (ports.ts, Clock).',
  },
  {
    selector: 'MemberExpression[object.name="Date"]',
    message: 'The engine is told the time (ports.ts, Clock).',
  },
  {
    selector: 'MemberExpression[object.name="Math"][property.name="random"]',
    message: 'The engine is handed its random numbers (ports.ts, Random).',
  },
];

export default tseslint.config(
  { ignores: ['dist/', '.cache/', 'node_modules/', 'test-results/'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-debugger': 'error',
      'no-empty': 'error',
      'no-unreachable': 'error',
      'no-self-assign': 'error',
      'no-unsafe-finally': 'error',
      'no-restricted-syntax': ['error', noDefaultExport, noBarrel],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: sources,
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
    },
  },
  {
    files: ['sw/engine/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noBarrel, ...noRealTime] },
  },
  {
    files: ['sw/engine/index.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, ...noRealTime] },
  },
  {
    // One closed list of frames, to be read in one place; and what is made from the catalogue.
    files: ['daemon/wire/frames.ts', 'web/words/messages.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    // `declare module` blocks describe what others export.
    files: ['**/*.d.ts', ...configs],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
