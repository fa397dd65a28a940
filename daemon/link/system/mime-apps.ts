/** `mimeapps.list`: which program opens what (MIME Applications Specification 1.0.1, freedesktop.org). Other lines stay as they are. */

const DEFAULTS = '[Default Applications]';

/** The value that the person, or a program for them, has set as the default; null where none is set. */
export function defaultOf(list: string, type: string): string | null {
  let group = '';
  for (const line of list.split('\n')) {
    if (line.startsWith('[')) group = line.trim();
    else if (group === DEFAULTS && keyOf(line) === type) return line.slice(line.indexOf('=') + 1).trim();
  }
  return null;
}

/** The list with another default for that type, or with none. */
export function withDefault(list: string, type: string, value: string | null): string {
  const lines = list.split('\n');
  let group = '';
  const kept = lines.filter(line => {
    if (line.startsWith('[')) group = line.trim();
    return !(group === DEFAULTS && keyOf(line) === type);
  });
  if (value === null) return kept.join('\n');
  const at = kept.findIndex(line => line.trim() === DEFAULTS);
  if (at >= 0) kept.splice(at + 1, 0, `${type}=${value}`);
  else kept.unshift(DEFAULTS, `${type}=${value}`, '');
  return kept.join('\n');
}

/** The list without that program, wherever it is named. A line that would name none goes. */
export function withoutProgram(list: string, id: string): string {
  return list
    .split('\n')
    .flatMap(line => {
      const at = line.indexOf('=');
      if (line.startsWith('[') || at < 0) return [line];
      const named = line
        .slice(at + 1)
        .split(';')
        .map(each => each.trim())
        .filter(each => each !== '');
      if (!named.includes(id)) return [line];
      const left = named.filter(each => each !== id);
      return left.length === 0 ? [] : [`${line.slice(0, at)}=${left.join(';')};`];
    })
    .join('\n');
}

function keyOf(line: string): string {
  const at = line.indexOf('=');
  return at < 0 ? '' : line.slice(0, at).trim();
}
