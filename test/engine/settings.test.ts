import bencode from 'bencode';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSettings, DEFAULT_SETTINGS, encodeSettings } from '../../sw/engine/settings.ts';

describe('the record of the settings', () => {
  it.each(['off', 'prefer', 'require'] as const)('keeps encryption: %s', encryption => {
    expect(decodeSettings(encodeSettings({ encryption }))).toEqual({ encryption });
  });

  it.each([
    ['of another version', { version: 2, encryption: 'require' }],
    ['of no version', { encryption: 'require' }],
    ['with a word that is not known', { version: 1, encryption: 'sometimes' }],
    ['with nothing', { version: 1 }],
  ])('counts as not set: one %s', (_name, record) => {
    expect(decodeSettings(bencode.encode(record))).toEqual(DEFAULT_SETTINGS);
  });

  it('keeps what it knows beside what it does not', () => {
    expect(decodeSettings(bencode.encode({ version: 1, encryption: 'off', later: [1] }))).toEqual({ encryption: 'off' });
  });

  it('is read whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void expect(decodeSettings(bytes)).toEqual(DEFAULT_SETTINGS)),
    );
  });
});
