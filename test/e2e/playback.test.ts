/** A real film that is played in the app while it comes, without any helper. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { payloadOf } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { Alone, CorsSeed, withSeed } from './alone.ts';
import { haveChromium } from './browser.ts';
import { haveFfmpeg, makeFilm } from './film.ts';

const missing = [haveChromium() ? '' : 'chromium', haveFfmpeg() ? '' : 'ffmpeg'].filter(Boolean).join(', ');
const SECONDS = 60;
const SUBTITLES = '1\r\n00:00:00,000 --> 00:00:40,000\r\nFirst line\r\n\r\n2\r\n00:00:45,000 --> 00:01:00,000\r\nLast line\r\n';

describe.skipIf(missing !== '')(`a film in the player${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let alone: Alone;
  beforeEach(async () => void (alone = await Alone.start()));
  afterEach(() => alone.end());

  it('plays and seeks while it comes, with subtitles, shows what is there, and says at once what no browser plays', async () => {
    const { dir } = alone;
    const film = makeFilm(join(dir, 'film.mp4'), SECONDS);
    const files = { 'film.avi': Buffer.alloc(200_000, 7), 'film.en.srt': Buffer.from(SUBTITLES), 'film.mp4': film };
    const payload = payloadOf(join(dir, 'seed'), 'Film', 1 << 17, files);
    const paths = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`Film/${path}`, bytes]));
    const seed = alone.also(await CorsSeed.startFolder(paths, 300_000));
    const { file: torrent } = alone.put('film', withSeed(payload.bytes, seed.url));
    const { app } = await alone.open();
    const { page } = app;
    await app.dropTorrents([torrent]);
    await app.start();
    await app.select('Film');
    await page.click({ role: 'button', name: 'Show details' });
    await page.click({ role: 'tab', name: /^Files/ });

    await page.click({ role: 'link', name: 'Play film.avi' });
    await page.waitForText('Browsers do not play AVI files. Save it, and open it in a player such as VLC.');
    await page.find({ role: 'button', name: 'Save' });
    await page.screenshot('player-hopeless');
    await page.click({ role: 'button', name: 'Close the player' });

    await page.click({ role: 'link', name: 'Play film.mp4' });
    const video = <T>(what: string): Promise<T> => page.evaluate<T>(`document.querySelector('video')${what}`);
    await until('the film to play', async () => (await video<number | null>('?.currentTime ?? 0')) !== 0, 30_000);
    expect(Math.round(await video<number>('.duration'))).toBe(SECONDS);
    const there = await page.find({ role: 'image', name: /of the file is there$/ });
    expect(there.name).toMatch(/^\d{1,2}\s?% of the file is there/);

    await page.evaluate(`(select => {
      select.value = [...select.options].find(({ text }) => text === 'English').value;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    })(document.querySelector('.player-subtitles select'))`);
    const shown = (): Promise<string> => video<string>(".textTracks[0]?.activeCues?.[0]?.text ?? ''");
    await until('the first line', async () => (await shown()) === 'First line');
    await page.screenshot('player');

    await video('.currentTime = 50');
    await until('the film to play from there', async () => (await video<number>('.currentTime')) > 50.5, 30_000);
    await until('the last line', async () => (await shown()) === 'Last line');
    expect(await video<number>('.error?.code ?? 0')).toBe(0);
    // All of that before it has come.
    expect(seed.sent).toBeLessThan(payload.size);
    await page.resize({ width: 390, height: 800 });
    await page.screenshot('player-phone');
    await page.press('Escape');
    await page.gone({ role: 'button', name: 'Close the player' });
    // The details that it was opened from are a page of their own there.
    await page.find({ role: 'tab', name: /^Files/ });
    await page.resize({ width: 1280, height: 800 });
    await app.says('Film', /Downloading/);
  });
});
