/** Origins of pages: what is one of a website, and what only looks like one. */

const MAX_LENGTH = 300;
/** As browsers spell it, of plain characters alone: it is shown in dialogs and handed to their programs. */
const WEBSITE = /^https:\/\/(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9]\d{0,4})?$/;

/** Whether this is the origin of a page that came over https. */
export function isWebsite(origin: string): boolean {
  if (origin.length > MAX_LENGTH || !WEBSITE.test(origin)) return false;
  try {
    return new URL(origin).origin === origin;
  } catch {
    return false;
  }
}
