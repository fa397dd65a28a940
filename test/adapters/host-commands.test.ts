import { describe, expect, it } from 'vitest';
import type { FolderPage } from '../../sw/api.ts';
import { refusal } from '../../sw/engine/index.ts';
import { askHost, type Host } from '../../sw/host-commands.ts';
import type { HostState } from '../../sw/view-model.ts';

const PAGE: FolderPage = { folder: 'f', name: 'n', parent: null, folders: [], more: false };

class FakeHost implements Host {
  state: HostState | null = { settings: { watched: [], exitAfter: 0, notify: true }, problem: '' };
  /** What is answered where no page is. */
  answer: { status: 'ok' | 'cancelled' | 'no-dialog' | 'refused'; text: string } | null = { status: 'ok', text: '' };
  readonly log: string[] = [];

  set = (change: object) => this.heard(`set ${Object.keys(change).join()}`, this.state);
  pick = () => this.heard('pick', this.answer);
  change = (what: object) => this.heard(JSON.stringify(what), this.answer);
  list = (folder: string, from: number) => this.heard(`list ${folder} ${from}`, PAGE);
  make = (folder: string, name: string) => this.heard(`make ${folder} ${name}`, this.answer);
  reveal = (root: string, path: readonly string[]) => this.heard(`reveal ${root} ${path.join('/')}`, this.answer);

  private heard<T>(what: string, answer: T): Promise<T> {
    this.log.push(what);
    return Promise.resolve(answer);
  }
}

function setUp() {
  const host = new FakeHost();
  const users = { all: 0, leaving: 0 };
  const ask = (what: Parameters<typeof askHost>[1]) =>
    askHost(
      host,
      what,
      () => refusal('daemon-away'),
      () => Promise.resolve(users),
    );
  return { host, ask, users };
}

describe('what the host is asked', () => {
  it('goes to it, and a page of folders comes back', async () => {
    const { host, ask } = setUp();
    expect(await ask({ do: 'set', settings: { watched: [] } })).toBe(null);
    expect(await ask({ do: 'list', folder: 'f', from: 200 })).toBe(PAGE);
    expect(await ask({ do: 'pick' })).toBe(null);
    host.answer = { status: 'cancelled', text: '' };
    expect(await ask({ do: 'pick' })).toBe(null);
    expect(await ask({ do: 'rename', root: 'r', name: 'n' })).toBe(null);
    expect(host.log).toEqual(['set watched', 'list f 200', 'pick', 'pick', '{"do":"rename","root":"r","name":"n"}']);
  });

  it('is refused with its own words, and by a code where the app can do something else', async () => {
    const { host, ask } = setUp();
    host.answer = { status: 'no-dialog', text: 'There is none.' };
    await expect(ask({ do: 'pick' })).rejects.toMatchObject({ code: 'no-dialog', message: 'There is none.' });
    host.answer = { status: 'refused', text: 'Not this one.' };
    await expect(ask({ do: 'add', folder: 'f' })).rejects.toMatchObject({ code: 'told', message: 'Not this one.' });
    await expect(ask({ do: 'make', folder: 'f', name: '..' })).rejects.toMatchObject({ message: 'Not this one.' });
    host.state = { settings: { watched: [], exitAfter: 0, notify: true }, problem: 'Not saved.' };
    await expect(ask({ do: 'set', settings: {} })).rejects.toMatchObject({ message: 'Not saved.' });
    host.answer = null;
    host.state = null;
    await expect(ask({ do: 'pick' })).rejects.toMatchObject({ code: 'daemon-away' });
    await expect(ask({ do: 'set', settings: {} })).rejects.toMatchObject({ code: 'daemon-away' });
  });

  it('is not to remove a folder that a torrent has files in', async () => {
    const { host, ask, users } = setUp();
    Object.assign(users, { all: 3, leaving: 1 });
    const refused = { code: 'root-in-use', message: expect.stringContaining('2 torrents') as string };
    await expect(ask({ do: 'remove', root: 'r' })).rejects.toMatchObject(refused);
    expect(host.log).toEqual([]);
    Object.assign(users, { all: 1 });
    await expect(ask({ do: 'remove', root: 'r' })).rejects.toMatchObject({ code: 'root-being-left' });
    Object.assign(users, { all: 0, leaving: 0 });
    expect(await ask({ do: 'remove', root: 'r' })).toBe(null);
    expect(host.log).toEqual(['{"do":"remove","root":"r"}']);
  });
});
