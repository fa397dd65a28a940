/** Checks that take all that a type has, and nothing else: one that lacks a value of it does not compile. */
import type * as v from 'valibot';

type Frozen<T> = T extends Uint8Array
  ? Uint8Array
  : T extends readonly (infer Each)[]
    ? readonly Frozen<Each>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** The schema that it is given, where what it lets through is `T` and all of `T`. */
export function exactly<T>() {
  return <S extends v.GenericSchema<unknown, T>>(
    schema: [T] extends [Frozen<v.InferOutput<S>>] ? S : never,
  ): v.GenericSchema<unknown, T> => schema;
}
