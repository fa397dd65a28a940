/** A file that is played and read in the browser while it comes. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { magnetOf, payloadOf, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { missing, titled, World } from './world.ts';

const PIECE = 128 << 10;
/** 16 bits, two channels, 44.1 kHz. */
const BYTES_A_SECOND = 176_400;

/** A sound of so many seconds, as a WAV file: a tone that swells and fades, so that no two pieces are the same. */
function wav(seconds: number): Buffer {
  const samples = Buffer.alloc(seconds * BYTES_A_SECOND);
  for (let at = 0; at < samples.length; at += 2) {
    const time = at / BYTES_A_SECOND;
    samples.writeInt16LE(Math.round(9_000 * Math.sin(time * 2_764) * Math.sin(time / 7) + (at % 8_191)), at);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(44_100, 24);
  head.writeUInt32LE(BYTES_A_SECOND, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

describe.skipIf(missing !== '')(titled('a file that is read while it comes'), () => {
  let world: World;
  let payload: Payload;
  const song = wav(100);
  beforeAll(async () => {
    world = await World.make();
    payload = payloadOf(join(world.dir, 'seed'), 'album', PIECE, {
      'cover.svg': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1"/>'),
      'index.html': Buffer.from('<script>document.title = "pwned"</script>'),
      'notes.txt': Buffer.from('<b>not bold</b>'),
      'song.wav': song,
    });
  });
  afterEach(async context => {
    await world.app.page.send('Page.bringToFront');
    await world.tell(context);
  });
  afterAll(() => world?.end());

  const path = (file: number, name: string): string => `/stream/${payload.infoHash}/${file}/${name}`;

  /** What the app's page gets for it: its status, some headers, and the SHA-1 of the body. */
  function read(
    file: number,
    name: string,
    range = '',
  ): Promise<{ status: number; type: string; sent: string; range: string; sha1: string; length: number }> {
    return world.app.page.evaluate(`(async () => {
      const answer = await fetch(${JSON.stringify(path(file, name))}, { headers: ${JSON.stringify(range === '' ? {} : { range })} });
      const body = await answer.arrayBuffer();
      const digest = await crypto.subtle.digest('SHA-1', body);
      const hex = [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
      const head = name => answer.headers.get(name) ?? '';
      return { status: answer.status, type: head('content-type'), sent: head('content-disposition'), range: head('content-range'), sha1: hex, length: body.byteLength };
    })()`);
  }

  it('gives ranges of it to a page, and plays it in a tab, long before it is complete', async () => {
    const seed = await world.seed(payload, { uploadLimit: 700_000 });
    await world.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    await world.app.says(payload.name, /Downloading/);
    const from = 12_000_000;
    const middle = await read(3, 'song.wav', `bytes=${from}-${from + 99_999}`);
    expect(middle).toMatchObject({ status: 206, type: 'audio/wav', range: `bytes ${from}-${from + 99_999}/${song.length}` });
    expect(middle.sha1).toBe(sha1(song.subarray(from, from + 100_000)).toString('hex'));
    // As a person would, from the list of files.
    await world.app.select(payload.name);
    await world.app.page.click({ role: 'button', name: 'Show details' });
    await world.app.page.click({ role: 'tab', name: /^Files/ });
    await world.app.page.find({ role: 'link', name: 'Play song.wav' });
    const tab = await world.browser.open(`${world.starling.origin}${path(3, 'song.wav')}`);
    await tab.send('Page.bringToFront');
    const player = (what: string) => tab.evaluate<number>(`Number(document.querySelector('video, audio')?.${what} ?? 0)`);
    await tab.evaluate('void document.querySelector("video, audio").play()');
    await until('the song to play', async () => (await player('currentTime')) > 1.5, 30_000);
    expect(Math.round(await player('duration'))).toBe(100);
    expect(await player('error?.code')).toBe(0);
    await tab.evaluate('document.querySelector("video, audio").currentTime = 90');
    await until('the end of the song to play', async () => (await player('currentTime')) > 91, 30_000);
    await world.app.page.send('Page.bringToFront');
    await world.app.says(payload.name, /Downloading/);
    seed.limitUpload(0);
    await world.app.complete(payload.name);
    expect((await read(3, 'song.wav')).sha1).toBe(sha1(song).toString('hex'));
  });

  it('shows no document of a torrent as one of the app', async () => {
    for (const [file, name] of [
      [0, 'cover.svg'],
      [1, 'index.html'],
    ] as const) {
      const answer = await read(file, name);
      expect([answer.status, answer.type]).toEqual([200, 'application/octet-stream']);
      expect(answer.sent).toMatch(/^attachment; /);
    }
    const tab = await world.browser.open(`${world.starling.origin}${path(2, 'notes.txt')}`);
    expect(await tab.waitForText('<b>not bold</b>')).toBe('<b>not bold</b>');
    expect(await tab.evaluate('self.origin')).toBe('null');
  });

  it('reads what is there of a torrent that does nothing', async () => {
    await world.app.page.click({ role: 'row', name: new RegExp(`^${payload.name}, `) });
    await world.app.page.click({ role: 'button', name: 'Pause' });
    await world.app.says(payload.name, /Done/);
    expect((await read(3, 'song.wav')).sha1).toBe(sha1(song).toString('hex'));
    await world.app.says(payload.name, /Done/);
  });

  it('says where there is no such file', async () => {
    expect((await read(9, 'x')).status).toBe(404);
  });
});
