/**
 * What a window keeps in the browser between two visits. It may be anything when it is read: whoever reads checks it. Where site data is
 * blocked, already the name of the storage throws: nothing was kept then, and what is written holds for this visit.
 */
export function readStoredText(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Null: nothing is kept. */
export function writeStoredText(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Storage is full or blocked.
  }
}

export function readStored(key: string): unknown {
  try {
    return JSON.parse(readStoredText(key) ?? 'null') as unknown;
  } catch {
    return null;
  }
}

/** Null: nothing is kept. */
export function writeStored(key: string, value: unknown): void {
  writeStoredText(key, value === null ? null : JSON.stringify(value));
}
