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
const HEX_HASH = /^[0-9a-f]{40}$/i;
const BASE32_HASH = /^[a-z2-7]{32}$/i;

export function isTorrentFile({ name }: { readonly name: string }): boolean {
  return /\.torrent$/i.test(name);
}

/** The magnet links and info-hashes in a text; empty where there is none. */
export function readText(text: string): Offer[] {
  const offers: Offer[] = [];
  for (const word of text.split(/\s+/)) {
    if (offers.length === MAX_OFFERS) break;
    if (/^magnet:\?/i.test(word)) offers.push({ source: { kind: 'magnet', uri: word }, label: magnetName(word) });
    else if (HEX_HASH.test(word) || BASE32_HASH.test(word)) {
      offers.push({ source: { kind: 'magnet', uri: `magnet:?xt=urn:btih:${word}` }, label: word });
    }
  }
  return offers;
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
