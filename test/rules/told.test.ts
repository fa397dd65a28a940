/** What is told as a text in English is in the catalogue, so that a window knows it again and has it in its language. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { read } from '../../bin/words.mjs';
import { SAID } from '../../sw/said.ts';

const root = join(import.meta.dirname, '../..');

/** What tells windows something, or hands it on. */
const TELLERS = [
  'sw',
  'daemon/host/away/keeper.ts',
  'daemon/host/folders',
  'daemon/host/pairing/tokens.ts',
  'daemon/host/process/supervisor.ts',
  'daemon/host/store/settings.ts',
  'daemon/wire/http-answer.ts',
  'web/lend/lender.ts',
  'web/lend/rtc-connection.ts',
];
/** What of it is for logs and programs, and is seen in no window: files, */
const UNSEEN: ReadonlySet<string> = new Set([
  'sw/adapters/daemon-channel.ts',
  'sw/adapters/local/readers.ts',
  'sw/engine/codec/dh.ts',
  'sw/engine/codec/krpc.ts',
  'sw/engine/codec/mse.ts',
  'sw/engine/incoming.ts',
  'sw/engine/intake.ts',
  'sw/engine/model/ids.ts',
  'sw/engine/recall.ts',
  'sw/engine/transfer.ts',
  'sw/api-error.ts',
  'sw/handoffs.ts',
  'sw/said.ts',
  'sw/zip.ts',
  'daemon/host/folders/folder-picker.ts',
  'daemon/host/folders/own-files.ts',
]);
/** and sentences. */
const UNSAID: ReadonlySet<string> = new Set([
  'The list of settings',
  'cannot be made or reached',
  'exit code {}',
  'is not a folder',
  'no name is free',
  'nothing was written',
]);
/** Calls whose texts are for logs, checks of what is read, and errors that are faults of ours. */
const LOGS = /^v\.|(^|\.)(log|warn|debug)$/;
const FAULTS = /^(DOMException|EngineError|RangeError|TypeError|StartError|SyntaxError)$/;
const PLACE = '{}';

const shapeOf = (text: string): string => text.replaceAll(/\{[^{}]+\}/g, PLACE);
const known = new Set([...Object.values(read('en')['told'] ?? {}), ...Object.values(SAID)].map(shapeOf));

/** A sentence, or a part of one that stands behind a colon. */
const isSentence = (text: string): boolean =>
  /^\p{Lu}.*\p{L}\.$/su.test(text) || /^\p{L}[\p{L}\d’]*(?: [\p{L}\d{}(“]\S*){2,}$/u.test(text);

function filesOf(path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map(name => `${path}/${name}`);
}

function sentencesOf(path: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText();
      if (LOGS.test(called)) return;
      if (called === 'fail' && /^'(internal|hex)'$/.test(node.arguments[0]?.getText() ?? '')) return;
    }
    if (ts.isNewExpression(node) && FAULTS.test(node.expression.getText())) return;
    if (ts.isObjectLiteralExpression(node) && /^\{\s*do: 'log'/.test(node.getText())) return;
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node))
      found.push(node.head.text + node.templateSpans.map(({ literal }) => PLACE + literal.text).join(''));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return found.filter(isSentence);
}

/** That no catalogue has, each with its file. */
function unknownOf(path: string, source: string): string[] {
  return sentencesOf(path, source)
    .filter(text => !known.has(text) && !UNSAID.has(text))
    .map(text => `${path}: ${text}`);
}

it('finds a sentence that no catalogue has', () => {
  const planted = `
    log('warn', 'what a log says of it');
    close(peer, 'it fell silent');
    close(peer, 'it sings out of tune');
    return why ? \`It answers with status \${status}.\` : \`It answers \${status} times.\`;`;
  expect(unknownOf('planted.ts', planted)).toEqual(['planted.ts: it sings out of tune', 'planted.ts: It answers {} times.']);
});

it('all that is told is there', () => {
  const files = TELLERS.flatMap(filesOf).filter(path => path.endsWith('.ts') && !UNSEEN.has(path));
  expect(files.length).toBeGreaterThan(200);
  expect(files.flatMap(path => unknownOf(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
});
