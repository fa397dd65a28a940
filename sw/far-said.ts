/** What another browser has to say to a person: codes that are known, with the values that their sentences take, and nothing else. */
import * as v from 'valibot';
import { number, text } from './far-values.ts';
import { placesOf, SAID, type Said, type SaidCode } from './said.ts';

const KINDS = { text, number, bytes: v.object({ bytes: number }) };

function sayable(code: SaidCode) {
  const values = Object.fromEntries(placesOf(code).map(([name, kind]) => [name, KINDS[kind]]));
  return v.object({ code: v.literal(code), values: v.object(values) });
}

export const farSaid: v.GenericSchema<unknown, Said> = v.variant('code', (Object.keys(SAID) as SaidCode[]).map(sayable));
