import bencode from 'bencode';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asList, decode } from '../../sw/engine/codec/bencode.ts';
import { words } from '../../sw/engine/fields.ts';
import { decodeSettings, DEFAULT_SETTINGS, encodeSettings } from '../../sw/engine/settings.ts';

describe('the record of the settings', () => {
  it.each(['off', 'prefer', 'require'] as const)('keeps encryption: %s', encryption => {
    expect(decodeSettings(encodeSettings({ ...DEFAULT_SETTINGS, encryption }))).toEqual({ ...DEFAULT_SETTINGS, encryption });
  });

  it.each([
    ['of another version', { version: 2, encryption: 'require' }],
    ['of no version', { encryption: 'require' }],
    ['with a word that is not known', { version: 1, encryption: 'sometimes' }],
    ['with nothing', { version: 1 }],
  ])('counts as not set: one %s', (_name, record) => {
    expect(decodeSettings(bencode.encode(record))).toEqual(DEFAULT_SETTINGS);
  });

  it.each([true, false])('keeps whether the router is asked for ports: %s', portMapping => {
    expect(decodeSettings(encodeSettings({ ...DEFAULT_SETTINGS, portMapping }))).toEqual({ ...DEFAULT_SETTINGS, portMapping });
  });

  it.each([[[]], [['stun:a.example:3478', 'stun:[2001:db8::1]:1']]])('keeps the STUN servers: %j', stunServers => {
    expect(decodeSettings(encodeSettings({ ...DEFAULT_SETTINGS, stunServers }))).toEqual({ ...DEFAULT_SETTINGS, stunServers });
  });

  it.each([
    [['stun:a.example']],
    [['turn:a.example:1']],
    [['stun:a.example:0']],
    [Array(9).fill('stun:a.example:1')],
    ['stun:a:1'],
  ])('counts STUN servers as not set that are none: %j', stunServers => {
    expect(decodeSettings(bencode.encode({ version: 1, stunServers }))).toEqual(DEFAULT_SETTINGS);
  });

  it.each([true, false])('keeps whether peers are reached over WebRTC: %s', webrtc => {
    expect(decodeSettings(encodeSettings({ ...DEFAULT_SETTINGS, webrtc }))).toEqual({ ...DEFAULT_SETTINGS, webrtc });
  });

  it.each([true, false])('keeps whether peers are looked for on the network: %s', lsd => {
    expect(decodeSettings(encodeSettings({ ...DEFAULT_SETTINGS, lsd }))).toEqual({ ...DEFAULT_SETTINGS, lsd });
    expect(decodeSettings(bencode.encode({ version: 1, lsd: 2 }))).toEqual(DEFAULT_SETTINGS);
  });

  it('keeps what it knows beside what it does not', () => {
    const record = { version: 1, encryption: 'off', later: [1] };
    expect(decodeSettings(bencode.encode(record))).toEqual({ ...DEFAULT_SETTINGS, encryption: 'off' });
  });

  it('is read whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void expect(decodeSettings(bytes)).toEqual(DEFAULT_SETTINGS)),
    );
  });
});

describe('a list of words in a record', () => {
  const field = words(3, 4);
  const read = (...values: unknown[]): unknown => field.read(asList(decode(bencode.encode(values)).value) ?? []);

  it('comes back as it was', () => {
    expect(field.read(field.write(['a', 'bé']))).toEqual(['a', 'bé']);
  });

  it('loses what is too long, too many, empty or no word', () => {
    expect(read('abcde', '', 7, [1], 'a', 'b', 'c', 'd')).toEqual(['a', 'b', 'c']);
  });
});
