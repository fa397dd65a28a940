import type { Plugin } from 'vite';

export const FIRST: readonly string[];
export const LATER: Readonly<Record<string, readonly string[]>>;
export const folder: string;
export function locales(from?: string): readonly string[];
export function read(locale: string, from?: string): Readonly<Record<string, Readonly<Record<string, string>>>>;
export function argumentsOf(text: string): ReadonlyMap<string, 'number' | 'string'>;
export function contentOf(text: string): string;
export function declare(): Promise<string>;
export function chunkOfTexts(chunk: { readonly facadeModuleId: string | null }): string | null;
export function catalogue(options?: { readonly withPseudo?: boolean; readonly from?: string }): Plugin;
