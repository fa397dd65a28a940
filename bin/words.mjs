/**
 * The texts of the app, from web/words/LOCALE/AREA.json to modules: `catalogue` is the plugin of Vite that compiles them, one module of a
 * language for the areas of the first screen, and others for what is shown later, so that a part of the app that is loaded late brings its
 * texts along. A text is an ICU message; what it takes is declared in web/words/messages.ts, which `npm run words` writes from the English.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import MessageFormat from '@messageformat/core';
import compileModule from '@messageformat/core/compile-module.js';
import { parse } from '@messageformat/parser';
import { PSEUDO, pseudo } from './pseudo-words.mjs';

export const folder = fileURLToPath(new URL('../web/words', import.meta.url));
const declared = join(folder, 'messages.ts');
const SOURCE = 'en';
const VIRTUAL = 'virtual:words';
/** The areas of what is shown first, and of what many parts share. */
export const FIRST = [
  'adding',
  'clipboard',
  'closing',
  'columns',
  'common',
  'connection',
  'empty',
  'list',
  'notices',
  'problems',
  'queueMoves',
  'refusals',
  'saves',
  'shell',
  'slowMode',
  'state',
  'table',
  'units',
  'viewNames',
  'window',
];
/** The areas that are mostly wanted together, one module of a language each; an area that stands nowhere here has its own. */
export const LATER = {
  details: ['files', 'inspector', 'logLines', 'now', 'peerFlags', 'pieceMap', 'reasons', 'remedies', 'said', 'told'],
  measured: ['activity', 'chart', 'history', 'network', 'reachability'],
  tidings: ['kept', 'left', 'news'],
  pressed: [
    'add',
    'closingDialog',
    'folderSave',
    'folders',
    'labels',
    'menus',
    'options',
    'palette',
    'relocate',
    'removal',
    'share',
    'sharing',
    'shortcuts',
    'views',
  ],
  settings: ['diagnostics', 'pairedApps', 'settings'],
  player: ['player', 'trouble'],
};
/** Where the build puts the texts of a language, each in a folder by its tag; the worker looks there as well (sw/kept-texts.ts). */
const PLACE = 'assets/words';
/** What tells a page which languages there are, and which files their first texts are in; and what reads it there. */
const META = 'starling-languages';
const READER = '<script src="/theme.js"></script>';

/** @returns {string[]} what there is a folder for, such as `de` and `zh-Hans` */
export function locales(from = folder) {
  return readdirSync(from, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

const fileOf = (from, locale, area) => join(from, locale, `${area}.json`);

/** @returns {Record<string, Record<string, string>>} texts by area and key */
export function read(locale, from = folder) {
  const areas = readdirSync(join(from, locale))
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort();
  return Object.fromEntries(areas.map(area => [area, JSON.parse(readFileSync(fileOf(from, locale, area), 'utf8'))]));
}

/**
 * What a text takes. Throws where it is no message.
 * @returns {Map<string, 'number' | 'string'>} by name
 */
export function argumentsOf(text) {
  const found = new Map();
  const walk = tokens => {
    for (const token of tokens) {
      if (token.type === 'argument') found.set(token.arg, found.get(token.arg) ?? 'string');
      else if (token.type === 'select') found.set(token.arg, found.get(token.arg) ?? 'string');
      else if (token.type === 'plural' || token.type === 'selectordinal' || token.type === 'function')
        found.set(token.arg, 'number');
      for (const { tokens: inner } of token.cases ?? []) walk(inner);
    }
  };
  walk(parse(text, { strict: true }));
  return found;
}

/** What a text says by itself, without what it takes. Throws where it is no message. */
export function contentOf(text) {
  const walk = tokens =>
    tokens.map(token =>
      token.type === 'content' ? token.value : (token.cases ?? []).map(({ tokens: inner }) => walk(inner)).join(' '),
    );
  return walk(parse(text, { strict: true }))
    .flat()
    .join('');
}

/** @returns {Promise<string>} web/words/messages.ts, formatted */
export async function declare() {
  const { format, resolveConfig } = await import('prettier');
  const lines = [
    '/** What each text of the app takes. Made from the English by `npm run words`. */',
    'export interface Messages {',
  ];
  for (const [area, texts] of Object.entries(read(SOURCE))) {
    lines.push(`  readonly ${area}: {`);
    for (const [key, text] of Object.entries(texts)) {
      const taken = [...argumentsOf(text)].map(([name, type]) => `readonly ${name}: ${type}`);
      lines.push(
        `    readonly ${JSON.stringify(key)}: (${taken.length === 0 ? '' : `values: { ${taken.join('; ')} }`}) => string;`,
      );
    }
    lines.push('  };');
  }
  lines.push('}', '');
  return format(lines.join('\n'), { ...(await resolveConfig(declared)), filepath: declared });
}

/** The name of a chunk of the build that holds texts; null for others. */
export function chunkOfTexts({ facadeModuleId }) {
  const [, path] = /^\0virtual:words\/(.+)$/.exec(facadeModuleId ?? '') ?? [];
  return path === undefined ? null : `${PLACE}/${path}-[hash].js`;
}

/** What a language says, and the English where it says nothing yet: that is a module by itself, as its plurals are others. */
const withStopgap = (locale, part) => `
import english from '${VIRTUAL}/${SOURCE}/${part}';
import own from '${VIRTUAL}/${locale}/${part}/own';
export * from '${VIRTUAL}/${locale}/${part}/own';
export default Object.fromEntries(Object.entries(english).map(([area, texts]) => [area, { ...texts, ...own[area] }]));
`;

/**
 * A plugin of Vite for `virtual:words` (web/words/virtual.d.ts). What is not translated yet is English; `withPseudo`: with the languages that
 * tests are for; `from`: where the texts are.
 */
export function catalogue({ withPseudo = false, from = folder } = {}) {
  const known = [...locales(from), ...(withPseudo ? PSEUDO : [])];
  const grouped = new Set([FIRST, ...Object.values(LATER)].flat());
  const alone = Object.keys(read(SOURCE, from)).filter(area => !grouped.has(area));
  const later = Object.entries({ ...LATER, ...Object.fromEntries(alone.map(area => [area, [area]])) });
  const entry = () => {
    const loaders = known.map(locale => `  ${JSON.stringify(locale)}: () => import('${VIRTUAL}/${locale}/first')`);
    return `export const load = {\n${loaders.join(',\n')}\n};\n`;
  };
  /** Where the others of that language are: said here, as a page needs to know it of one language alone. */
  const laterOf = locale => {
    const modules = later.map(([part], at) => `const part${at} = () => import('${VIRTUAL}/${locale}/${part}');\n`);
    const loaders = later.flatMap(([, areas], at) => areas.map(area => `  ${area}: part${at}`));
    return `${modules.join('')}export const later = {\n${loaders.join(',\n')}\n};\n`;
  };
  return {
    name: 'words',
    resolveId: id => (id === VIRTUAL || id.startsWith(`${VIRTUAL}/`) ? `\0${id}` : null),
    load(id) {
      if (id === `\0${VIRTUAL}`) return entry();
      const [, locale, part, own] = /^\0virtual:words\/([^/]+)\/([^/]+?)(\/own)?$/.exec(id) ?? [];
      if (locale === undefined) return null;
      const isFirst = part === 'first';
      const areas = isFirst ? FIRST : later.find(([name]) => name === part)[1];
      const english = read(SOURCE, from);
      let texts;
      if (PSEUDO.includes(locale)) {
        const spelt = (area, [key, text]) => [key, pseudo(locale, area, text)];
        texts = area => Object.fromEntries(Object.entries(english[area]).map(entry => spelt(area, entry)));
      } else {
        for (const area of areas) this.addWatchFile(fileOf(from, locale, area));
        const said = read(locale, from);
        texts = area => said[area] ?? {};
      }
      const isLacking = area => Object.keys(english[area]).some(key => texts(area)[key] === undefined);
      if (own === undefined && areas.some(isLacking)) return withStopgap(locale, part);
      const format = new MessageFormat(new Intl.Locale(locale).language, { returnType: 'string', strict: true });
      const compiled = compileModule(format, Object.fromEntries(areas.map(area => [area, texts(area)])));
      return isFirst ? `${compiled}\n${laterOf(locale)}` : compiled;
    },
    /** Tells each page its languages, so that the texts are asked for along with its code. */
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {});
        const urls = known.map(locale => {
          const first = chunks.find(({ facadeModuleId }) => facadeModuleId === `\0${VIRTUAL}/${locale}/first`);
          const files = first === undefined ? [] : [first.fileName, ...first.imports];
          return [locale, files.map(file => `/${file}`)];
        });
        const content = JSON.stringify(Object.fromEntries(urls)).replaceAll('"', '&quot;');
        return html.replace(READER, `<meta name="${META}" content="${content}" />\n    ${READER}`);
      },
    },
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(declared, await declare());
