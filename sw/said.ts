/**
 * What the engine, the worker and the helper say to a person: codes with values. A window has a sentence for each in its language
 * (web/words/LANGUAGE/said.json); programs, such as the command line, have the English, which stands here. It imports nothing.
 */

/** A size, which each language writes in its own way. */
export interface Size {
  readonly bytes: number;
}

/** In braces what a sentence takes: `{name}` is a text, `{name, number}` a whole number, `{name, bytes}` a size. */
export const SAID = {
  // Of commands, whatever they are about.
  'worker-restarted': 'The engine restarted before it answered. Look whether it was done, and try again if not.',
  'too-many-commands': 'Too much is waiting for the engine. Nothing was done; try again in a moment.',
  outdated: 'The app was updated in the background. Nothing was done; reload this page first.',
  internal: 'Something went wrong in the engine. What was asked for may not have been done.',
  malformed: 'The app sent what the engine does not understand. Reload the page, then try again.',
  elsewhere: 'This is done in the browser that it is about.',
  /** In words that come from elsewhere. */
  told: '{text}',
  updating: 'The app is being updated. Nothing was done; try again in a moment.',
  unpaired: 'This browser is not paired with the helper, so nothing was done. Set up the helper first.',
  superseded: 'Another browser has taken over, so nothing was done here. Reconnect to use this one.',
  'versions-differ':
    'The app and the helper are of versions that do not understand each other, so nothing was done. Update the older of the two.',
  followed: 'Another browser is at work, so nothing was done here. Choose “Use here” to go on in this one.',
  'daemon-away': 'The helper is not running, so nothing was done. Start it with npm start, then try again.',
  'engine-starting': 'The engine is being started. Try again in a moment.',
  'far-away': 'The browser that is at work cannot be reached just now, so nothing was done. Try again in a moment.',
  'far-other':
    'The browser that is at work has another version of the app, so nothing was done. Reload the app here and there, or choose “Use here”.',
  'far-unanswered': 'The browser that is at work went before it answered. Look whether it was done, and try again.',
  'not-unpaired':
    'The helper does not say that this is done for good, so the app may be paired again later. Look at the disk of its home folder, and try again.',
  'no-such-torrent': 'This torrent is not in the list any more.',
  'settings-not-saved':
    'This is set, but it could not be saved and is lost when Starling starts again: “{problem}”. Change it again later.',
  'back-not-saved':
    'It is in the list again, but that could not be saved: “{problem}”. Until it is, which is tried again and again, the removal may be completed when Starling starts anew.',
  'not-exported': 'What “{name}” is cannot be read just now (“{problem}”), so nothing was exported. Try again in a moment.',

  // Of adding.
  magnet: 'This is not a magnet link. One begins with “magnet:?”.',
  'magnet-too-long': 'This magnet link is longer than any real one. Copy it again from where you found it.',
  'magnet-of-nothing': 'This magnet link does not say which torrent it is for. Copy it again, whole, from where you found it.',
  'no-torrent': 'This file is no torrent. If it was downloaded, the server may have sent a web page in its place.',
  'torrent-too-large': 'This torrent file is larger than {most, bytes}, which no real one is. Look for another copy of it.',
  'torrent-damaged': 'This torrent is damaged: {detail} Download it again, or look for another copy.',
  'torrent-unusable': 'This torrent cannot be used: {detail}. Look for another copy of it.',
  'torrent-too-new': 'This torrent is of a newer kind than Starling knows. Look for a v1 or hybrid torrent of the same files.',
  'torrent-too-wide': 'This torrent has more files, or more folders inside one another, than Starling can handle.',
  'torrent-same-names': 'This torrent has too many files of the same name to be an honest one.',
  'restore-differs':
    'The link and the torrent file of one torrent in this file are of different torrents, so it was not added. Export it again where it comes from.',
  'list-full': 'The list holds {most, number} torrents, which is the most it can. Remove some first.',
  'list-full-for-now':
    'The list is full: what was just removed counts for ten seconds, while that can be taken back. Try again then.',

  // Of peers, addresses and trackers.
  'peer-needs-helper': 'A browser cannot go to the address of a peer. The helper can.',
  private: 'This torrent is private: its peers come from its trackers alone.',
  'no-address': '“{host}” is no name or address of a computer, or {port} no port of one.',
  banned: 'This address is banned by hand. Take it off the list of banned addresses first.',
  'banned-for-now': 'This peer is banned until Starling starts again: it sent wrong data, or broke the protocol.',
  'bans-full': 'The list of banned addresses holds {most, number}, which is the most it can. Take some off it first.',
  'no-ip': '“{text}” is no IP address. Write one like 198.51.100.7 or 2001:db8::7. Nothing was changed.',
  tracker: '“{address}” is no address of a tracker. One begins with http://, https://, udp:// or wss:// and names a host.',
  'too-many-trackers': 'A torrent can have {most, number} trackers. Remove some first.',

  // Of files: their names, where they are, and that they are deleted.
  'not-started': 'This torrent has no files yet. Start it first.',
  'moving-already': 'The files of this torrent are being moved. Wait until that is done, then try again.',
  'record-lost':
    'The list of its files has to be fetched again before they can be moved. Wait for it, or add the .torrent file again.',
  'moving-away': 'Its files are on their way already, and the helper is away. Start it, then try again.',
  'no-files': 'The files of this torrent are not known yet. Try again once they are.',
  'name-slash': 'A name cannot contain a slash. Choose another one.',
  name: 'This name cannot be used. Choose another one.',
  'name-taken': 'Another file of this torrent has that name. Choose another one.',
  'no-such-file': 'There is no such file in this torrent any more.',
  'renames-full': 'At most {most, number} files of a torrent can have names of their own. Nothing was renamed.',
  'too-many-places': 'Files of this torrent are in too many places. Resume it, so that they come together first.',
  'checked-away': 'The files cannot be checked while the helper is away. Start it, then try again.',
  'deleted-away': 'The files cannot be deleted while the helper is away. Start it, then try again.',
  'deleted-record-lost':
    'The list of its files has to be fetched again before they can be deleted. Wait for it, or remove the torrent alone.',

  // Of files that are opened.
  'not-chosen': 'This file is not chosen. Choose it in the list of files, then open it again.',
  checking: 'The files of this torrent are still being checked. Open the file again in a moment.',
  loading: 'The list of this torrent’s files is still being read. Open the file again in a moment.',
  moving: 'The files of this torrent are being moved. Open the file again when that is done.',
  queued: 'This torrent waits for its turn, and this file is not all there. Start it at once, or wait, then open it again.',
  failed: 'This torrent has stopped because of a problem. The list says what it is and what to do.',
  paused: 'This torrent is paused, and this file is not all there. Resume it, then open the file again.',
  'no-files-yet': 'The files of this torrent are not there yet.',
  'too-many-reads': 'Too many files are being read at once. Close one, then open this one again.',
  'far-read-away':
    'The browser that is at work cannot be reached just now. Open the file again in a moment, or choose “Use here”.',
  'far-read-other':
    'The browser that is at work has another version of the app, so the file cannot be read here. Reload the app here and there, or choose “Use here”.',
  'read-away': 'The helper of the browser that is at work is away. Open the file again in a moment.',

  // Of what is in the storage of this browser, and of its way out of it.
  'needs-helper': 'These files are in the storage of this browser. Only the helper can move them to a folder.',
  'not-here': 'Only what came from this browser can go back to it.',
  'move-followed': 'Another browser is at work. Choose “Use here” first; then what is in this one can be moved.',
  'move-away': 'The helper is not running, so nothing was moved. Start it with npm start, then try again.',
  'not-yet': 'The torrents of this browser are still being read. Try again in a moment.',
  'at-rest': 'Nothing was done, as this app is at rest. Try again in a moment.',
  'no-such-root':
    'The folder cannot be written to just now, so nothing was moved. What is in this browser stays here and goes on.',
  'root-unwritable':
    'The folder “{folder}” cannot be written to just now, so nothing was moved. What is in this browser stays here and goes on.',
  'root-full':
    '“{folder}” has too little room, so nothing was moved: {needed, bytes} needed, {free, bytes} free. What is in this browser stays here and goes on. Free some space, or choose another folder.',
  'list-too-long':
    'The list of its files is too long to be kept, so it cannot be moved while it is not complete elsewhere. It stays where it is.',
  'record-unreadable': 'What the app knows of this torrent cannot be read. Nothing was done.',

  'nothing-moves':
    'Nothing could be moved out of this browser (“{why}”). What is in it stays here, and is tried again in a moment.',
  'not-moved':
    '“{name}” could not be moved out of this browser (“{why}”). What is here of it stays, and is tried again when the browser is started the next time.',
  'one-not-moved':
    'A torrent could not be moved out of this browser (“{why}”). What is here of it stays, and is tried again when the browser is started the next time.',
  'kept-here': '“{name}” stays in this browser. What had come of it to “{folder}” is deleted there.',
  'kept-here-somewhere': '“{name}” stays in this browser. What had come of it to its folder is deleted there.',
  brought: '“{name}” is on this computer now, in “{folder}”.',
  'brought-somewhere': '“{name}” is on this computer now, in its folder.',
  'handed-over': '“{name}” is with the helper now, and comes to “{folder}”.',
  'handed-over-somewhere': '“{name}” is with the helper now, and comes to its folder.',
  'bring-list-lost':
    'The list of its files was lost in this browser. It is asked for again, or comes with its .torrent file, and then this moves.',
  'bring-list-unknown': 'The list of its files was lost in this browser, and the helper does not know it yet.',
  'bring-unsaid': 'The storage of this browser has not said yet what there is of it.',
  'bring-unanswered': 'The storage of this browser does not answer, so what there is of it cannot be read just now.',
  'bring-unreadable': 'What there is of it cannot be read from the storage of this browser just now (“{problem}”).',
  'bring-being-added': 'It is being added to the helper in another window, and moves once it is started or cancelled there.',

  // Of files that are to be shared.
  'share-updating': 'The app is being updated, so nothing was shared. Share it again in a moment.',
  'share-busy': '{most, number} things are being made ready to be shared. Wait until one of them is.',
  'share-malformed':
    'This cannot be shared as it is. It may have {files, number} files, {folders, number} folders in one another, {addresses, number} trackers and as many web seeds; a name may have {name, number} characters, the comment {comment, number}, an address {address, number}. Choose fewer files, or shorten what was typed, and share it again.',
  'share-empty': 'There is nothing in it to be shared: its files are all empty.',
  'share-small-pieces': 'These would be too many pieces. Choose larger ones.',
  'share-name-twice': 'Two of the files have the same name and place. Share them one after the other.',
  'share-storage': 'The storage of this browser could not be written to, so nothing is shared. Try again in a moment.',
  'share-unreadable':
    'The file was changed, moved or deleted while it was read, or may not be read. Nothing is shared. Choose it again once it stays as it is.',
  'share-unreadable-one':
    '“{file}” was changed, moved or deleted while it was read, or may not be read. Nothing is shared. Choose it again once it stays as it is.',

  // Of folders of the helper, and of its settings.
  'root-in-use': '{users, number} torrents have their files in this folder, so it was not removed. Move or remove them first.',
  'root-being-left':
    'Torrents that were just removed still have their files in this folder, so it was not removed. Try again in ten seconds, when that cannot be taken back any more.',
  'no-dialog': '{text}',
} as const;

export type SaidCode = keyof typeof SAID;

type Places<Text extends string> = Text extends `${string}{${infer Place}}${infer Rest}` ? Place | Places<Rest> : never;
type NameIn<Place extends string> = Place extends `${infer Name}, ${string}` ? Name : Place;
type ValueIn<Place extends string> = Place extends `${string}, number`
  ? number
  : Place extends `${string}, bytes`
    ? Size
    : string;

export type SaidValues<Code extends SaidCode> = {
  readonly [Place in Places<(typeof SAID)[Code]> as NameIn<Place>]: ValueIn<Place>;
};
export type SaidValue = string | number | Size;

/** Something that is said, as it goes over ports and channels. */
export interface Said {
  readonly code: SaidCode;
  /** What its sentence takes, by name. */
  readonly values: Readonly<Record<string, SaidValue>>;
}

export type ValuesTaken<Code extends SaidCode> = keyof SaidValues<Code> extends never ? [] : [values: SaidValues<Code>];

export function said<Code extends SaidCode>(code: Code, ...values: ValuesTaken<Code>): Said {
  const [given = {}] = values as readonly Said['values'][];
  return { code, values: given };
}

const PLACE = /\{(\w+)(?:, (number|bytes))?\}/g;

/** What the sentence of a code takes: the kind of each value by its name. */
export function placesOf(code: SaidCode): readonly (readonly [name: string, kind: 'text' | 'number' | 'bytes'])[] {
  return [...SAID[code].matchAll(PLACE)].map(([, name = '', kind]) => [name, (kind ?? 'text') as 'text' | 'number' | 'bytes']);
}

/** In English, for programs. */
export function sentenceOf({ code, values }: Said): string {
  return SAID[code].replace(PLACE, (_, name: string) => {
    const value = values[name] ?? '';
    return typeof value === 'object' ? sized(value) : typeof value === 'number' ? whole.format(value) : value;
  });
}

const whole = new Intl.NumberFormat('en');
const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function sized({ bytes }: Size): string {
  return bytes < 1e9 ? `${digits.format(Math.ceil(bytes / 1e6))} MB` : `${digits.format(bytes / 1e9)} GB`;
}
