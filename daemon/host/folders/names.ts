/** Names that people see and give: of folders, and of the places that downloads go to. */

/** Would end a line, turn the text around, or show nothing. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
/** Not in a name on every system that a disk may be carried to. */
const UNFIT = /[\\/:*?"<>|]/u;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:[.]|$)/iu;
/** In bytes of UTF-8. */
const MAX_NAME = 255;
const MAX_LABEL = 64;

/** As it may be shown. */
export function shown(name: string): string {
  return name.replace(UNSEEN, '\ufffd').replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Why no folder can be made with this name, in words; empty where one can. */
export function folderNameProblem(name: string): string {
  if (name.trim() === '') return 'Give the folder a name.';
  if (shown(name) !== name || UNFIT.test(name) || name.startsWith('.') || /[. ]$/u.test(name) || RESERVED.test(name)) {
    return 'A folder cannot have this name on every system. Leave out signs such as / \\ : * ? " < > | and dots or spaces at its ends.';
  }
  return Buffer.byteLength(name) > MAX_NAME ? 'This name is too long.' : '';
}

/** Why it cannot be what people call a place, in words; empty where it can. */
export function labelProblem(label: string): string {
  if (label.trim() === '' || shown(label) !== label) return 'Give the folder a name of letters that can be seen.';
  return label.length > MAX_LABEL ? `Choose a name of at most ${MAX_LABEL} characters.` : '';
}

/** `name`, or with a number behind it where it is taken. */
export function uniqueName(name: string, taken: readonly string[]): string {
  const others = new Set(taken.map(keyOf));
  let unique = name;
  for (let n = 2; others.has(keyOf(unique)); n++) unique = `${name} (${n})`;
  return unique;
}

export function isTaken(name: string, taken: readonly string[]): boolean {
  return taken.some(other => keyOf(other) === keyOf(name));
}

function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
