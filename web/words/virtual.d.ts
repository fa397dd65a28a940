/** What bin/words.mjs makes of the catalogues. */
declare module 'virtual:words' {
  // A module that is declared like this can name another in no other way.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type Messages = import('./messages.ts').Messages;
  export const languages: readonly string[];
  export const areas: readonly (keyof Messages)[];
  export const load: Readonly<
    Record<string, { readonly [A in keyof Messages]: () => Promise<{ readonly default: Messages[A] }> } | undefined>
  >;
}
