import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { forPeople, openLogs } from '../../daemon/host/logs/log.ts';
import { KINDS, type LogLine, LogLines, MAX_LINE, MINUTE_MS, SAME_LINES } from '../../daemon/host/logs/log-lines.ts';
import { RotatingFile } from '../../daemon/host/logs/rotating-file.ts';
import { MAX_TEXT, scrub, scrubText } from '../../daemon/host/logs/scrub.ts';
import { randomSecret, sha256 } from '../../daemon/host/pairing/tokens.ts';
import { tempFolder } from './temp.ts';

describe('what stands in a log', () => {
  const token = randomSecret();
  const digest = sha256(token).toString('hex');
  const infoHash = digest.slice(0, 40);
  const secrets = [token, digest, infoHash, 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U', infoHash.slice(0, 32)];

  test('is never a token, a digest, an info-hash or the address of a tracker, verbose or not', () => {
    for (const isVerbose of [false, true]) {
      for (const secret of secrets) {
        const shown = scrubText(`before ${secret}: and (${secret}) "${secret}" x=${secret}`, isVerbose);
        expect(shown).not.toContain(secret);
        expect(shown).toContain('before [secret]');
      }
      const urls = [
        'https://t.example/abc123/announce?passkey=1',
        'udp://t.example:1337',
        `magnet:?xt=urn:btih:${infoHash}&dn=My+Film`,
      ];
      for (const url of urls) expect(scrubText(`asked ${url} twice`, isVerbose)).toBe('asked [url] twice');
      const fields = { token: 'short', ticketHash: 'short', roots: [{ path: '/x' }], deep: { Authorization: 'Bearer x' } };
      expect(JSON.stringify(scrub(fields, isVerbose))).not.toMatch(/short|Bearer|\/x/);
    }
  });

  test('is no part of a secret that stands where a long text is cut', () => {
    for (let at = 0; at < 60; at++) {
      const text = `${'http://a.example '.repeat(60)}${'.'.repeat(61 - at)}${token}`;
      const cut = scrubText(text.slice(text.length - 2 * MAX_TEXT - 20), true);
      expect(cut).not.toContain(token.slice(0, 8));
    }
  });

  test('is the name of a file or an address only where everything was asked for', () => {
    const errors = [
      "ENOENT: no such file or directory, open '/home/me/My Film's Name.mkv'",
      "EXDEV: cross-device link, rename '/home/me/My Film.mkv' -> '/media/My Film.mkv'",
      'cannot read /home/me/Downloads/Film.mkv: gone',
      'cannot read C:\\Users\\me\\Film.mkv',
      'connect ECONNREFUSED 93.184.216.34:6881',
      'connect ECONNREFUSED 2001:db8:0:0::17:6881',
      'connect EHOSTUNREACH 2001:db8::1:6881',
      'no route to [2001:db8::17]:6881',
      'no route to 2001:db8::',
      'from ::ffff:93.184.216.34',
      'getaddrinfo ENOTFOUND films.example',
      "The names do not match: Host: films.example. is not in DNS:*.films.example, DNS:films.example'",
    ];
    for (const error of errors) {
      expect(scrubText(error, false)).not.toMatch(/Film|Name|home|Users|93\.184|\.216|2001:db8|17:6881|films|example/);
      expect(scrubText(error, true)).toMatch(/Film|93\.184|2001:db8|films/);
    }
    expect(scrubText('bound at fe80::1%eth0, [::]:80 and ::1', false)).toBe(
      'bound at [address]%eth0, [[address]]:80 and [address]',
    );
    expect(scrubText('at 12:03:04 it said: a::b', false)).toContain('at 12:03:04 it said: ');
    const long = `open '/home/me/${'My Film '.repeat(200)}' failed`;
    expect(scrubText(long, false)).toBe("open '[path]'");
    expect(scrubText(`rename '/home/a' -> '/home/My Film ${'x '.repeat(1000)}'`, false)).toBe("rename '[path]'");
    expect(scrub({ err: { hostname: 'films.example' } }, false)).toEqual({ err: { hostname: '[name]' } });
    expect(scrub({ path: 'Film.mkv', err: { dest: 'Film.mkv' } }, false)).toEqual({ path: '[name]', err: { dest: '[name]' } });
    expect(scrub({ path: 'Film.mkv' }, true)).toEqual({ path: 'Film.mkv' });
    const stack = 'Error: it\n    at fn (file:///home/me/starling/dist/daemon/io.mjs:12:34)';
    expect(scrubText(stack, false)).toBe('Error: it\\u000a    at fn (io.mjs:12:34)');
  });

  test('cannot begin a line, move a cursor or turn text around', () => {
    const hostile = 'a\n{"level":30,"msg":"forged"}\r\u001b[2J\u0007\u009b1m\u202egnp\u2028\ufeff';
    const shown = scrubText(hostile, true);

    expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028\ufeff]/);
    expect(shown).toContain('\\u001b[2J');
    const line = forPeople({ level: 40, time: 0, name: 'io', msg: shown, why: 'because' });
    expect(line.split('\n')).toHaveLength(1);
    expect(line).toMatch(/^\d\d:\d\d:\d\d io warn a.* why=because$/);
  });

  test('is of bounded length and depth, whatever is logged', () => {
    expect(scrubText('word '.repeat(100_000), true).length).toBeLessThanOrEqual(MAX_TEXT + 1);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, 'word '.repeat(1000)]));
    const deep = { a: { b: { c: { d: { e: 1 } } } }, many, list: new Array(1000).fill(many) };
    expect(JSON.stringify(scrub(deep, true)).length).toBeLessThan(1_000_000);
    expect(JSON.stringify(scrub(deep, true))).toContain('[more]');
  });
});

describe('lines', () => {
  function watched(isVerbose = false) {
    const written: LogLine[] = [];
    let minuteOver: () => void = () => undefined;
    const lines = new LogLines({
      name: 'io',
      isVerbose,
      write: line => written.push(line),
      now: () => 5,
      after: (ms, act) => {
        expect(ms).toBe(MINUTE_MS);
        minuteOver = act;
        return () => undefined;
      },
    });
    return { lines, written, minuteOver: () => minuteOver() };
  }

  test('that say the same are counted once there are ten of them in a minute', () => {
    const { lines, written, minuteOver } = watched();
    for (let n = 0; n < 1000; n++) lines.line(JSON.stringify({ level: 40, time: n, msg: 'refused', port: n }));
    lines.line(JSON.stringify({ level: 40, time: 1, msg: 'something else' }));
    expect(written).toHaveLength(SAME_LINES + 1);
    minuteOver();
    expect(written.at(-1)).toEqual({ level: 40, time: 999, name: 'io', msg: 'refused', port: 999, repeated: 1000 - SAME_LINES });
    lines.line(JSON.stringify({ level: 40, time: 1, msg: 'refused', port: 1 }));
    expect(written.at(-1)).not.toHaveProperty('repeated');
  });

  test('with fields that are too long are told by their length alone', () => {
    const { lines, written } = watched();
    const line = JSON.stringify({ level: 30, time: 1, msg: 'x'.repeat(MAX_LINE), token: 'My Film' });
    lines.feed(Buffer.from(`${line}\n{"level":30,"time":1,"msg":"after"}\n`));
    expect(written).toEqual([
      { level: 40, time: 5, name: 'io', bytes: line.length, msg: 'a line was too long' },
      { level: 30, time: 1, name: 'io', msg: 'after' },
    ]);
  });

  test('that all differ are no more than so many a minute', () => {
    const { lines, written } = watched();
    const word = (n: number): string => [...String(n)].map(digit => 'abcdefghij'[Number(digit)]).join('');
    for (let n = 0; n < 5000; n++) lines.line(JSON.stringify({ level: 40, time: n, msg: `refused ${word(n)}` }));
    expect(written.length).toBeLessThanOrEqual(KINDS + SAME_LINES);
    lines.end();
    expect(written.at(-1)!.repeated).toBeGreaterThan(4000);
  });

  test('come in pieces, too long, and without being JSON', () => {
    const { lines, written } = watched();
    lines.feed(Buffer.from('{"level":30,"time":1,"ms'));
    lines.feed(Buffer.from('g":"whole"}\nplain words\n\n[1]\n'));
    lines.feed(Buffer.from('x'.repeat(10)));
    for (let n = 0; n < 100; n++) lines.feed(Buffer.from(' more words'.repeat(MAX_LINE / 100)));
    lines.feed(Buffer.from('\nafter\n'));
    lines.feed(Buffer.from('the last, unfinished'));
    lines.end();
    expect(written.map(({ msg }) => msg.slice(0, 20))).toEqual([
      'whole',
      'plain words',
      '[1]',
      'xxxxxxxxxx more word',
      'after',
      'the last, unfinished',
    ]);
    expect(written.map(({ level, time, name }) => [level, time, name])).toEqual([
      [30, 1, 'io'],
      ...new Array<unknown>(5).fill([40, 5, 'io']),
    ]);
  });

  test('go to files of their own, of debug where everything was asked for, and to the terminal then', () => {
    const home = tempFolder();
    const quiet = openLogs(home, null);
    quiet.host('debug', 'not this');
    quiet.host('warn', 'this', { why: 'because' });
    quiet.io(Buffer.from('{"level":30,"time":1,"msg":"of the io-daemon"}\n'));
    quiet.close();
    const read = (name: string): string => readFileSync(join(home, 'logs', name), 'utf8');
    expect(JSON.parse(read('host.log'))).toMatchObject({ level: 40, name: 'host', msg: 'this', why: 'because' });
    expect(JSON.parse(read('io.log'))).toEqual({ level: 30, time: 1, name: 'io', msg: 'of the io-daemon' });
    const shown: string[] = [];
    const verbose = openLogs(home, line => shown.push(line));
    verbose.host('debug', 'now this');
    verbose.close();
    expect(read('host.log')).toContain('now this');
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatch(/ host debug now this$/);
  });
});

test('a log that cannot be written troubles nobody, and goes on once it can be', () => {
  const folder = join(tempFolder(), 'logs');
  const path = join(folder, 'x.log');
  const log = new RotatingFile(path, 100);
  log.write('no folder\n');
  mkdirSync(folder);
  log.write(`${'.'.repeat(90)}\n`);
  rmSync(folder, { recursive: true });
  log.write(`${'.'.repeat(90)}\n`);
  mkdirSync(folder);
  log.write('again\n');
  log.close();
  expect(readFileSync(path, 'utf8')).toBe('again\n');
});

test('a log that cannot be put aside begins anew', () => {
  const path = join(tempFolder(), 'io.log');
  for (const n of [1, 2, 3]) mkdirSync(join(`${path}.${n}`, 'in the way'), { recursive: true });
  const log = new RotatingFile(path, 100);
  for (const text of ['first', 'second']) log.write(`${text} ${'.'.repeat(80)}\n`);
  log.write('third\n');
  log.close();
  expect(readFileSync(path, 'utf8')).toMatch(/^second \.+\nthird\n$/);
});
