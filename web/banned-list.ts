/** The list of addresses that no peer may have, as a person writes it. */
import { command } from './actions.ts';

/** What a person made of the list: what another window has done to it meanwhile stays. Resolves to why it was refused, or null. */
export function banListed(before: readonly string[], text: string): Promise<string | null> {
  const listed = readAddresses(text);
  const add = listed.filter(host => !before.includes(host));
  const remove = before.filter(host => !listed.includes(host));
  return command({ do: 'ban', of: null, add, remove });
}

/** The addresses of a text, one a line or with commas between. The engine says which is none. */
export function readAddresses(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '');
}
