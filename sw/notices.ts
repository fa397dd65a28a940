/** What the host has to say to the person, until a window is there to show it. */

/** The oldest is dropped. */
const MAX_NOTICES = 8;
const MAX_LENGTH = 1_000;

export class Notices {
  private texts: readonly string[] = [];

  /** The same twice is said once. */
  add(text: string): void {
    const cut = text.slice(0, MAX_LENGTH);
    this.texts = [...this.texts.filter(other => other !== cut), cut].slice(-MAX_NOTICES);
  }

  take(): readonly string[] {
    const { texts } = this;
    this.texts = [];
    return texts;
  }
}
