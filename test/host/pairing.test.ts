import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LINK_MS, Pairing } from '../../daemon/host/pairing/pairing.ts';
import { Tokens } from '../../daemon/host/pairing/tokens.ts';
import { tempFolder, until } from './temp.ts';

const ORIGIN = 'http://127.0.0.1:7800';
const NAME = 'Chromium on Linux';

const isValid = (tokens: Tokens, token: string, origin: string, installId: string): boolean =>
  tokens.find({ token, origin, installId }) !== null;

async function fixture(): Promise<{ home: string; tokens: Tokens; pairing: Pairing; clock: { now: number } }> {
  const home = tempFolder();
  const tokens = await Tokens.open(home);
  const clock = { now: 0 };
  return { home, tokens, clock, pairing: new Pairing(tokens, () => clock.now) };
}

test('a secret is traded once, for a token that is good for that origin and install id alone', async () => {
  const { pairing, tokens } = await fixture();
  const secret = pairing.newLink();
  const result = await pairing.redeem(secret, ORIGIN, 'install-1', NAME);
  if (result.outcome !== 'paired') throw new Error(result.outcome);
  expect(Buffer.from(result.token, 'base64url')).toHaveLength(32);
  expect(isValid(tokens, result.token, ORIGIN, 'install-1')).toBe(true);
  expect(isValid(tokens, result.token, ORIGIN, 'install-2')).toBe(false);
  expect(isValid(tokens, result.token, 'http://127.0.0.1:7801', 'install-1')).toBe(false);
  expect(isValid(tokens, `${result.token}x`, ORIGIN, 'install-1')).toBe(false);
  expect(isValid(tokens, '', ORIGIN, 'install-1')).toBe(false);
  expect(await pairing.redeem(secret, ORIGIN, 'install-1', NAME)).toEqual({ outcome: 'over' });
});

test('two redemptions at the same moment: one token', async () => {
  const { pairing } = await fixture();
  const secret = pairing.newLink();
  const outcomes = await Promise.all([1, 2].map(n => pairing.redeem(secret, ORIGIN, `install-${n}`, NAME)));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['paired', 'over']);
});

test('a secret lives two minutes', async () => {
  const { pairing, clock } = await fixture();
  const secrets = [pairing.newLink(), pairing.newLink()];
  clock.now = LINK_MS - 1;
  expect((await pairing.redeem(secrets[0]!, ORIGIN, 'install-1', NAME)).outcome).toBe('paired');
  clock.now = LINK_MS;
  expect((await pairing.redeem(secrets[1]!, ORIGIN, 'install-1', NAME)).outcome).toBe('over');
});

test('wrong guesses are locked out for a while, a right secret is not', async () => {
  const { pairing, clock } = await fixture();
  const secret = pairing.newLink();
  const guess = async (): Promise<string> => (await pairing.redeem('guess', ORIGIN, 'install-1', NAME)).outcome;
  for (let n = 0; n < 5; n++) expect(await guess()).toBe('unknown');
  expect(await guess()).toBe('locked');
  expect((await pairing.redeem(secret, ORIGIN, 'install-1', NAME)).outcome).toBe('paired');
  clock.now += 29_999;
  expect(await guess()).toBe('locked');
  clock.now += 1;
  expect(await guess()).toBe('unknown');
});

test('of many links the newest eight stay open', async () => {
  const { pairing } = await fixture();
  const secrets = Array.from({ length: 10 }, () => pairing.newLink());
  const outcomes = await Promise.all(secrets.map((secret, n) => pairing.redeem(secret, ORIGIN, `install-${n}`, NAME)));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['over', 'over', ...Array<string>(8).fill('paired')]);
});

test('of many browsers the newest sixty-four stay paired', async () => {
  const { tokens } = await fixture();
  const issued: string[] = [];
  for (let n = 0; n < 66; n++) issued.push(await tokens.issue(ORIGIN, `install-${n}`, NAME));
  const good = issued.map((token, n) => isValid(tokens, token, ORIGIN, `install-${n}`));
  expect(good).toEqual([false, false, ...Array<boolean>(64).fill(true)]);
});

test('pairing again replaces the token of the same browser; others keep theirs, over a restart too', async () => {
  const { home, tokens } = await fixture();
  const other = await tokens.issue(ORIGIN, 'other', NAME);
  const old = await tokens.issue(ORIGIN, 'mine', NAME);
  const fresh = await tokens.issue(ORIGIN, 'mine', NAME);
  for (const opened of [tokens, await Tokens.open(home)]) {
    expect([other, old, fresh].map((token, n) => isValid(opened, token, ORIGIN, n === 0 ? 'other' : 'mine'))).toEqual([
      true,
      false,
      true,
    ]);
  }
});

test('the file holds digests only, for its owner only', async () => {
  const { home, tokens } = await fixture();
  const token = await tokens.issue(ORIGIN, 'mine', NAME);
  const file = join(home, 'tokens.json');
  expect(readFileSync(file, 'utf8')).not.toContain(token);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a damaged list is that of the generation before, in which nobody is whose pairing was taken back', async () => {
  const { home, tokens } = await fixture();
  const gone = await tokens.issue(ORIGIN, 'gone', NAME);
  const kept = await tokens.issue(ORIGIN, 'kept', NAME);
  await tokens.revoke(tokens.find({ token: gone, origin: ORIGIN, installId: 'gone' })!.id);
  for (const content of ['', '{', '{}', '[{"digest":"zz"}]', `[{"digest":"${'0'.repeat(64)}"}]`]) {
    writeFileSync(join(home, 'tokens.json'), content);
    const opened = await Tokens.open(home);
    expect(isValid(opened, kept, ORIGIN, 'kept')).toBe(true);
    expect(isValid(opened, gone, ORIGIN, 'gone')).toBe(false);
  }
  for (const name of ['tokens.json', 'tokens.json.previous']) writeFileSync(join(home, name), '{');
  const said: string[] = [];
  expect((await Tokens.open(home, Date.now, text => said.push(text))).list).toEqual([]);
  expect(said.join(' ')).toContain('has to be paired anew');
});

const MONTH = 30 * 24 * 3_600_000;

test('of many apps the one that was used longest ago is forgotten', async () => {
  let now = 0;
  const tokens = await Tokens.open(tempFolder(), () => (now += 3_600_000));
  const first = await tokens.issue(ORIGIN, 'install-first', NAME);
  const second = await tokens.issue(ORIGIN, 'install-second', NAME);
  for (let n = 0; n < 62; n++) await tokens.issue(ORIGIN, `install-${n}`, NAME);
  expect(tokens.enter({ token: first, origin: ORIGIN, installId: 'install-first' })).not.toBeNull();
  await tokens.issue(ORIGIN, 'install-last', NAME);
  expect(isValid(tokens, first, ORIGIN, 'install-first')).toBe(true);
  expect(isValid(tokens, second, ORIGIN, 'install-second')).toBe(false);
  expect(tokens.list).toHaveLength(64);
});

test('a token that is a month old is replaced, and the old one is good until the new one was used', async () => {
  const home = tempFolder();
  let now = Date.UTC(2026, 10, 1);
  const tokens = await Tokens.open(home, () => now);
  const old = await tokens.issue(ORIGIN, 'mine', NAME);
  const { id } = tokens.list[0]!;
  const shown = (token: string) => ({ token, origin: ORIGIN, installId: 'mine' });
  now += MONTH - 1;
  expect(await tokens.renew(id)).toBeNull();
  now += 1;
  const fresh = await tokens.renew(id);
  expect(Buffer.from(fresh!, 'base64url')).toHaveLength(32);
  expect(await tokens.renew(id)).toBeNull();
  expect(await tokens.renew('nobody')).toBeNull();
  // Whichever of them the browser has kept, it is let in: by the old one it may come again.
  expect(tokens.enter(shown(old))).toMatchObject({ id });
  const opened = await Tokens.open(home, () => now);
  expect(opened.enter(shown(fresh!))).toMatchObject({ id, name: NAME });
  expect(opened.enter(shown(fresh!))).toMatchObject({ id });
  expect(opened.find(shown(old))).toBeNull();
  await Promise.all([tokens.settled(), opened.settled()]);
  for (const token of [old, fresh!]) expect(readFileSync(join(home, 'tokens.json'), 'utf8')).not.toContain(token);
});

test('when an app came last is told to the hour, and unpairing it is for good', async () => {
  const home = tempFolder();
  const at = Date.UTC(2026, 10, 1, 12, 34, 56);
  const tokens = await Tokens.open(home, () => at);
  const token = await tokens.issue(ORIGIN, 'mine', NAME);
  expect(tokens.list).toEqual([
    { id: expect.stringMatching(/^[0-9a-f]{12}$/) as string, name: NAME, origin: ORIGIN, pairedAt: at, usedAt: 0 },
  ]);
  tokens.enter({ token, origin: ORIGIN, installId: 'mine' });
  expect(tokens.list[0]!.usedAt).toBe(Date.UTC(2026, 10, 1, 12));
  expect(tokens.knows(ORIGIN)).toBe(true);
  expect(await tokens.revoke('nobody')).toBe(false);
  expect(await tokens.revoke(tokens.list[0]!.id)).toBe(true);
  expect(tokens.knows(ORIGIN)).toBe(false);
  for (const opened of [tokens, await Tokens.open(home)]) expect(isValid(opened, token, ORIGIN, 'mine')).toBe(false);
});

/** While it goes on nothing can be written over the list. Gives back what ends it. */
function unwritable(home: string): () => void {
  const file = join(home, 'tokens.json');
  rmSync(file, { force: true });
  mkdirSync(file);
  return () => rmSync(file, { recursive: true });
}

test('a token that cannot be written changes nothing: the old one is good, nobody is listed, and the link stays open', async () => {
  const { home, tokens, pairing } = await fixture();
  const old = await tokens.issue(ORIGIN, 'mine', NAME);
  const before = tokens.list;
  const secret = pairing.newLink();
  const mend = unwritable(home);
  for (const install of ['mine', 'other']) await expect(pairing.redeem(secret, ORIGIN, install, NAME)).rejects.toThrow();
  expect(tokens.list).toEqual(before);
  expect(isValid(tokens, old, ORIGIN, 'mine')).toBe(true);
  mend();
  const result = await pairing.redeem(secret, ORIGIN, 'mine', NAME);
  if (result.outcome !== 'paired') throw new Error(result.outcome);
  for (const opened of [tokens, await Tokens.open(home)]) {
    expect([old, result.token].map(token => isValid(opened, token, ORIGIN, 'mine'))).toEqual([false, true]);
    expect(opened.list.map(({ id }) => id)).toEqual([before[0]!.id]);
  }
});

test('an app whose end cannot be written is let in no more, and is listed until it is written', async () => {
  const { home, tokens } = await fixture();
  const token = await tokens.issue(ORIGIN, 'mine', NAME);
  const other = await tokens.issue('https://app.example', 'other', NAME);
  const { id } = tokens.list[0]!;
  const mend = unwritable(home);
  for (let time = 0; time < 2; time++) await expect(tokens.revoke(id)).rejects.toThrow();
  expect(isValid(tokens, token, ORIGIN, 'mine')).toBe(false);
  expect(tokens.knows(ORIGIN)).toBe(false);
  expect(tokens.list).toHaveLength(2);
  mend();
  // Whoever comes in has it tried again.
  expect(tokens.enter({ token: other, origin: 'https://app.example', installId: 'other' })).not.toBeNull();
  await until(() => tokens.list.length === 1, 'the end of it');
  expect((await Tokens.open(home)).list.map(({ origin }) => origin)).toEqual(['https://app.example']);
  expect(await tokens.revoke(id)).toBe(false);
});
