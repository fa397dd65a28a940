/** Notices that no app was there to hear: they wait for the first that comes. */

/** The oldest is dropped. */
const MAX_UNHEARD = 8;

export class Unheard {
  private texts: readonly string[] = [];

  /** The same twice is said once. */
  keep(text: string): void {
    this.texts = [...this.texts.filter(other => other !== text), text].slice(-MAX_UNHEARD);
  }

  tell(say: (text: string) => void): void {
    const { texts } = this;
    this.texts = [];
    for (const text of texts) say(text);
  }
}
