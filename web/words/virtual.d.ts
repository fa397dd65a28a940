/** What bin/words.mjs makes of the catalogues. */
declare module 'virtual:words' {
  // A module that is declared like this can name another in no other way.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type Messages = import('./messages.ts').Messages;
  type Texts<T> = () => Promise<{ readonly default: T }>;
  /** The areas that are loaded one by one. */
  export const later: readonly (keyof Messages)[];
  /** By language; `first`: the areas of the first screen, which come as one. */
  export const load: Readonly<
    Record<
      string,
      ({ readonly first: Texts<Partial<Messages>> } & { readonly [A in keyof Messages]: Texts<Messages[A]> }) | undefined
    >
  >;
}
