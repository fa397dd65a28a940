/** What a person reads is in the catalogue (web/words): no file of the interface says it by itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const web = join(import.meta.dirname, '../../web');
const files = readdirSync(web, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.tsx'))
  .sort();

/** Names, and what nobody translates. */
const NAMES: ReadonlySet<string> = new Set(['Starling', 'DHT', 'WebRTC']);

/** Attributes that are shown or read out; of the parts that are written here, those that take a text as well. */
const SAID: ReadonlySet<string> = new Set([
  'aria-label',
  'aria-description',
  'aria-placeholder',
  'aria-roledescription',
  'aria-valuetext',
  'title',
  'alt',
  'placeholder',
  'label',
  'labels',
  'name',
  'action',
  'hint',
  'text',
  'unset',
  'why',
  'heads',
]);
/** `name` of these is what a form or a page calls them. */
const FIELDS: ReadonlySet<string> = new Set(['input', 'meta', 'select', 'textarea']);
/** Properties of objects that become items of menus and the like. */
const PROPERTIES: ReadonlySet<string> = new Set(['label', 'text', 'title', 'hint', 'long', 'shortcut']);

/** Addresses that show how one is typed are no text. */
const isText = (text: string): boolean => /\p{L}{2}/u.test(text) && !NAMES.has(text.trim()) && !/^\w+:\S+$/.test(text);

/** Strings and templates that an expression may give, but for what is compared or handed on. */
function* stringsOf(node: ts.Node): Generator<string> {
  if (ts.isStringLiteralLike(node)) yield node.text;
  else if (ts.isTemplateExpression(node))
    yield [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(' ');
  else if (ts.isConditionalExpression(node)) for (const part of [node.whenTrue, node.whenFalse]) yield* stringsOf(part);
  else if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isComparison = kind >= ts.SyntaxKind.LessThanToken && kind <= ts.SyntaxKind.ExclamationEqualsEqualsToken;
    if (isComparison) return;
    if (kind !== ts.SyntaxKind.AmpersandAmpersandToken) yield* stringsOf(node.left);
    yield* stringsOf(node.right);
  } else if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isJsxExpression(node)) {
    if (node.expression !== undefined) yield* stringsOf(node.expression);
  } else if (ts.isArrayLiteralExpression(node)) for (const part of node.elements) yield* stringsOf(part);
}

/** What stands in this source as a text, each with its line. */
function loose(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const say = (node: ts.Node, texts: Iterable<string>): void => {
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    for (const text of texts) if (isText(text)) found.push(`${path}:${line}: ${text.trim()}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) say(node, [node.text]);
    else if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) say(node, stringsOf(node));
    else if (ts.isJsxAttribute(node) && node.initializer !== undefined) {
      const name = node.name.getText();
      const tag = node.parent.parent.tagName.getText();
      if (SAID.has(name) && !(name === 'name' && FIELDS.has(tag))) say(node, stringsOf(node.initializer));
    } else if (ts.isPropertyAssignment(node) && PROPERTIES.has(node.name.getText())) say(node, stringsOf(node.initializer));
    else if (ts.isCallExpression(node) && /(^|\.)notify$/.test(node.expression.getText()))
      for (const argument of node.arguments.slice(0, 1)) say(node, stringsOf(argument));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

it('finds a text wherever the interface may say one', () => {
  const planted = `
    const items = [{ label: 'Loose item' }];
    const View = () => (
      <p title="Loose title" class="fine" aria-label={on ? 'Loose one' : \`\${count} loose others\`}>
        Loose text {isThere && 'loose again'} {['Starling', words.table.name()]} {kind === 'fine' ? null : 3}
        <input name="fine" placeholder="Loose hint" onInput={() => notify('Loose notice', 'bad')} />
      </p>
    );`;
  expect(loose('planted.tsx', planted).map(text => text.replace(/^.*: /, ''))).toEqual([
    'Loose item',
    'Loose title',
    'Loose one',
    'loose others',
    'Loose text',
    'loose again',
    'Loose hint',
    'Loose notice',
  ]);
});

it('none is there', () => {
  expect(files.length).toBeGreaterThan(60);
  expect(files.flatMap(path => loose(path, readFileSync(join(web, path), 'utf8')))).toEqual([]);
});
