/** Numbers and texts that another browser says, as far as they are let through. */
import * as v from 'valibot';
import { shownText, shownWords } from './far-text.ts';

export const number = v.pipe(v.number(), v.finite());
export const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const url = shownText(5_000);
export const text = shownWords(1_000);
export const name = shownText(1_000);
export const address = shownText(100);
