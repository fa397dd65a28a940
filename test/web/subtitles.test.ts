import { describe, expect, it, vi } from 'vitest';
import { decodeText, MAX_SUBTITLES, subtitlesOf, titleOf, toWebVtt } from '../../web/player/subtitles.ts';

const part = (name: string) => ({ file: 0, name, size: 1 });

describe('subtitles', () => {
  it('in SubRip become WebVTT: times with points and hours, no numbers, no places', () => {
    const srt =
      '\uFEFF1\r\n00:00:01,5 --> 00:00:03,250\r\n{\\an8}Hello <i>you</i>\r\n\r\n2\r\n1:02:03,004 --> 1:02:05,000 X1:10\r\n42\r\n';
    expect(toWebVtt(srt)).toBe(
      'WEBVTT\n\n\n00:00:01.500 --> 00:00:03.250\nHello <i>you</i>\n\n\n01:02:03.004 --> 01:02:05.000\n42\n\n',
    );
  });

  it('in WebVTT stay as they are', () => {
    const vtt = 'WEBVTT - a film\n\nNOTE x\n\n00:01.000 --> 00:02.000 line:0\nHi\n';
    expect(toWebVtt(vtt)).toBe(vtt);
  });

  it('cannot begin a cue with their text', () => {
    expect(toWebVtt('00:00:01,000 --> 00:00:02,000\na --> b\n')).toContain('a → b');
  });

  it('are none where no time is in them', () => {
    for (const text of ['', 'WEBVTT', 'a film\n', 'a --> b', '[Script Info]\nDialogue: 0,0:00:01.00,0:00:02.00,x']) {
      expect(toWebVtt(text)).toBeNull();
    }
  });

  it('have at most so many bytes, and are not read beyond that', async () => {
    const text = '00:00:01,000 --> 00:00:02,000\nHi\n';
    expect(await subtitlesOf(new Blob([text.padEnd(MAX_SUBTITLES)]))).toContain('WEBVTT');
    const long = new Blob([text.padEnd(MAX_SUBTITLES + 1)]);
    const read = vi.spyOn(long, 'arrayBuffer');
    expect([await subtitlesOf(long), read.mock.calls.length]).toEqual([null, 0]);
  });

  it('are read as what they are written in', () => {
    expect(decodeText(new TextEncoder().encode('Größe 字'))).toBe('Größe 字');
    expect(decodeText(Uint8Array.of(0x47, 0x72, 0xf6, 0xdf, 0x65))).toBe('Größe');
    expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x41, 0, 0x57, 0x5b))).toBe('A字');
    expect(decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x41))).toBe('A');
  });

  it('are called by their language, or by what tells them from the film', () => {
    expect(titleOf(part('Sintel.en.srt'), 'Sintel.mkv')).toBe('English');
    expect(titleOf(part('Sintel.pt-br.vtt'), 'Sintel.mkv')).toBe('Brazilian Portuguese');
    expect(titleOf(part('Sintel.forced.srt'), 'Sintel.mkv')).toBe('forced');
    expect(titleOf(part('2_German.srt'), 'Sintel.mkv')).toBe('2_German');
    expect(titleOf(part('Sintel.srt'), 'Sintel.mkv')).toBe('Sintel.srt');
  });
});
