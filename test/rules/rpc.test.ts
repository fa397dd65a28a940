import { describe, expect, it } from 'vitest';
import { METHODS } from '../../daemon/host/rpc/methods.ts';
import { toSnakeCase } from '../../daemon/host/rpc/names.ts';
import { RpcCode } from '../../daemon/host/rpc/json-rpc.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { sourceOf } from './page.ts';

const page = sourceOf('docs/RPC.md');

/** The rows of the table under that head, in their cells. */
function table(head: string): string[][] {
  const [, below = ''] = page.split(`\n| ${head} |`);
  const lines = below.split('\n').slice(2);
  const end = lines.findIndex(line => !line.startsWith('|'));
  return lines.slice(0, end).map(line => line.slice(2, -2).split(' | '));
}

const first = (rows: readonly string[][]): string[] => rows.map(([cell = '']) => cell.replaceAll('`', ''));

describe('the page of the interface for programs', () => {
  const methods = table('method | params | result');

  it('has every method, and no other', () => {
    expect(first(methods)).toEqual([...METHODS.keys()]);
  });

  it.each([...METHODS].filter(([name]) => name !== 'set_settings'))('names the params of %s, and no other', (name, { usage }) => {
    const [, params = ''] = methods.find(([each]) => each === `\`${name}\``) ?? [];
    const used = [...usage.matchAll(/"(\w+)":/g)].map(([, param = '']) => param);
    expect(paramsOf(params).sort()).toEqual(used.sort());
  });

  it('has every setting, in the names that are used', () => {
    expect(first(table('setting | is'))).toEqual(Object.keys(toSnakeCase(DEFAULT_SETTINGS)));
  });

  it('has every code of an error', () => {
    const codes = [...page.matchAll(/^\| (-32\d{3}) /gm)].map(([, code]) => Number(code));
    expect(codes.sort()).toEqual(Object.values(RpcCode).sort());
  });

  it('has every state of what is in the list', () => {
    const [, type = ''] = /export type ListedState =([^;]*);/.exec(sourceOf('sw/view-model.ts')) ?? [];
    const states = [...type.matchAll(/'(\w+)'/g)].map(([, state = '']) => state);
    expect(first(table('state | is')).sort()).toEqual(states.sort());
  });

  it('has every notification with its params, and no other', () => {
    const source = sourceOf('daemon/host/rpc/notices.ts');
    const told = [...source.matchAll(/notify\('(\w+)', \{([^}]*)\}/g)].map(([, name = '', params = '']) => [
      name,
      ...params.split(',').map(param => param.split(':')[0]?.trim()),
    ]);
    const documented = table('method | params | when').map(([name = '', params = '']) => [
      name.replaceAll('`', ''),
      ...paramsOf(params),
    ]);
    expect(documented).toEqual(expect.arrayContaining(told));
    expect(documented).toHaveLength(told.length);
  });
});

/** What is named as a param: in backticks, each once, but for the values that one may have and the members of what is in a list. */
function paramsOf(cell: string): string[] {
  const values = ['skip', 'low', 'normal', 'high', 'first', 'metadata', 'set_files'];
  const names = [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).filter(name => !values.includes(name));
  return [...new Set(names)].filter(name => !cell.includes(`a list of \`${name}\``));
}
