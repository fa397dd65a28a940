import type { Source } from '../sw/api.ts';
import { formatCount, isolated, shownName } from './format.ts';
import { words } from './words/words.ts';

/** Something to add, and what to call it until its name is known. */
export interface Offer {
  readonly source: Source;
  readonly label: string;
}

/** At one paste or drop; more would be a mistake. */
export const MAX_OFFERS = 100;
/** No .torrent file comes near; reading a film by mistake would fill the memory. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** As hex or, of old, base32. */
const HASH = /^(?:[0-9a-f]{40}|[a-z2-7]{32})$/i;
/** Of v2 (BEP 52). A list of checksums is full of these, so one counts only alone. */
const HASH_V2 = /^[0-9a-f]{64}$/i;
/** What a link stands between in a sentence, in markup and in Markdown. */
const CLOSING: Readonly<Record<string, string>> = {
  '(': ')',
  '[': ']',
  '<': '>',
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '«': '»',
};

export function isTorrentFile({ name }: { readonly name: string }): boolean {
  return /\.torrent$/i.test(name);
}

/** The magnet links and info-hashes in a text, each once, and how many there are of them. */
export function readText(text: string): { readonly offers: readonly Offer[]; readonly count: number } {
  const uris = new Set<string>();
  if (HASH_V2.test(text.trim())) uris.add(`magnet:?xt=urn:btmh:1220${text.trim()}`);
  for (const word of text.split(/\s+/)) {
    const uri = linkIn(word) ?? hashIn(word);
    if (uri !== null) uris.add(uri);
  }
  const offers = [...uris]
    .slice(0, MAX_OFFERS)
    .map(uri => ({ source: { kind: 'magnet', uri } as const, label: magnetName(uri) }));
  return { offers, count: uris.size };
}

function linkIn(word: string): string | null {
  const at = word.search(/magnet:\?/i);
  if (at < 0) return null;
  const link = word.slice(at);
  const end = link.lastIndexOf(CLOSING[word[at - 1] ?? ''] ?? ' ');
  return (end < 0 ? link : link.slice(0, end)).replaceAll('&amp;', '&');
}

function hashIn(word: string): string | null {
  const hash = word.replace(/^[^a-z0-9]+|[^a-z0-9]+$/gi, '');
  return HASH.test(hash) ? `magnet:?xt=urn:btih:${hash}` : null;
}

/** Whether there is an address of the web in it. */
export function isAddress(text: string): boolean {
  return /\bhttps?:\/\//i.test(text);
}

/** Why a text has nothing to add, and what to do, in sentences. */
export function whyNothing(text: string): string {
  return isAddress(text) ? words.window.webAddress() : words.window.nothingInIt();
}

/** The name that a magnet link gives itself, else its hash. */
export function magnetName(uri: string): string {
  const fields = new URLSearchParams(uri.slice(uri.indexOf('?') + 1));
  const name = fields.get('dn')?.trim() ?? '';
  if (name !== '') return name;
  const topic = fields.get('xt') ?? '';
  return topic === '' ? words.adding.magnetLink() : topic.slice(topic.lastIndexOf(':') + 1);
}

/** Reads dropped or chosen files. Those that cannot be torrents come back as sentences. */
export async function readFiles(files: readonly File[]): Promise<{ offers: Offer[]; refused: string[] }> {
  const offers: Offer[] = [];
  const refused: string[] = [];
  if (files.length > MAX_OFFERS)
    refused.push(words.adding.onlyFirst({ max: formatCount(MAX_OFFERS), count: formatCount(files.length) }));
  for (const file of files.slice(0, MAX_OFFERS)) {
    const name = isolated(shownName(file.name));
    if (file.size > MAX_FILE_BYTES) {
      refused.push(words.adding.fileTooLarge({ name }));
      continue;
    }
    try {
      offers.push({
        source: { kind: 'file', bytes: new Uint8Array(await file.arrayBuffer()) },
        label: file.name.replace(/\.torrent$/i, ''),
      });
    } catch {
      refused.push(words.adding.fileUnreadable({ name }));
    }
  }
  return { offers, refused };
}
