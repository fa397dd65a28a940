/**
 * What a person sets for all torrents together, and the record that it is kept in, bencoded. As with all records, what
 * cannot be read counts as not set.
 */
import { asDict, asInt, asText, decode, dictGet, encode } from './codec/bencode.ts';

/**
 * `off`: streams are plain, and who comes enciphered is refused. `prefer`: ours begin enciphered and, where that fails,
 * plain; both are let in. `require`: everything is enciphered, and who cannot do that is not talked to.
 */
export type Encryption = 'off' | 'prefer' | 'require';

export interface Settings {
  readonly encryption: Encryption;
}

export const DEFAULT_SETTINGS: Settings = { encryption: 'prefer' };
export const SETTINGS_KEY = 'settings';

const VERSION = 1;
const LIMITS = { maxDepth: 4, maxTokens: 1000 };
const ENCRYPTION: readonly Encryption[] = ['off', 'prefer', 'require'];

export function encodeSettings({ encryption }: Settings): Uint8Array {
  return encode({ version: VERSION, encryption: new TextEncoder().encode(encryption) });
}

/** Total: each setting that is missing or not understood is as it is by default. */
export function decodeSettings(bytes: Uint8Array): Settings {
  try {
    const dict = asDict(decode(bytes, LIMITS).value);
    if (asInt(dictGet(dict, 'version')) !== VERSION) return DEFAULT_SETTINGS;
    const said = asText(dictGet(dict, 'encryption'));
    return { encryption: ENCRYPTION.find(value => value === said) ?? DEFAULT_SETTINGS.encryption };
  } catch {
    return DEFAULT_SETTINGS;
  }
}
