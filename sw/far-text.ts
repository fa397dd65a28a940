/** Text that another browser says and that is shown here: plain words, however it was sent. */
import * as v from 'valibot';

/** Controls, halves of characters, and what turns or hides the text around it. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;
/** A place in a file system, at the beginning of a word. */
const PLACE = /(?<![^\s"'“‘(])(?:\/[^\s/]+(?:\/[^\s/]*)+|[A-Za-z]:[\\/]\S*|\\\\\S+)/g;

/** At most so many characters; what cannot be seen is left out. */
export function shownText(longest: number): v.GenericSchema<unknown, string> {
  return v.pipe(
    v.string(),
    v.transform(text => text.slice(0, longest).replace(UNSEEN, '')),
  );
}

/** The same for what was put in words for people, who are shown no path. */
export function shownWords(longest: number): v.GenericSchema<unknown, string> {
  return v.pipe(
    shownText(longest),
    v.transform(text => text.replace(PLACE, '…')),
  );
}

/** A name in a path: what leads elsewhere is none. */
export const pathName: v.GenericSchema<unknown, string> = v.pipe(
  shownText(255),
  v.check(name => name !== '' && name !== '.' && name !== '..' && !/[\\/]/.test(name)),
);
