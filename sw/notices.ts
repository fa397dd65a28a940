/** What the host has to say to the person, until a window is there to show it. */
import { same } from './same.ts';
import { type Said, said } from './said.ts';

/** The oldest is dropped. */
const MAX_NOTICES = 8;
const MAX_LENGTH = 1_000;

export class Notices {
  private said: readonly Said[] = [];

  /** The same twice is said once. */
  add(said: Said): void {
    this.said = [...this.said.filter(other => !same(other, said)), said].slice(-MAX_NOTICES);
  }

  /** Words of the host's. */
  addText(text: string): void {
    this.add(said('told', { text: text.slice(0, MAX_LENGTH) }));
  }

  take(): readonly Said[] {
    const { said } = this;
    this.said = [];
    return said;
  }
}
