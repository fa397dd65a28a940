/** What bin/words.mjs makes of the catalogues. */
declare module 'virtual:words' {
  // A module that is declared like this can name another in no other way.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type Messages = import('./messages.ts').Messages;
  interface Texts {
    readonly default: Partial<Messages>;
  }
  /** Loads the texts of the first screen in each language, and with them what loads those of the other areas, some of them as one. */
  export const load: Readonly<
    Record<
      string,
      (() => Promise<Texts & { readonly later: Readonly<Record<keyof Messages, () => Promise<Texts>>> }>) | undefined
    >
  >;
}
