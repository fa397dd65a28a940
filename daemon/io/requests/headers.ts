/** What a request says in its headers, read strictly: each stands there once or not at all, and a number is a number. */
import type { IncomingMessage } from 'node:http';
import { isSafe } from '../paths.ts';
import { Refusal } from './answers.ts';

/** The part of a request that is read here. */
export type Head = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {Refusal} 400 where it stands there twice */
export function headerOf({ rawHeaders }: Head, name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== name) continue;
    if (value !== undefined) throw malformed(name);
    value = rawHeaders[at + 1];
  }
  return value;
}

/** An integer from 0 up, below 2^53, in digits alone. @throws {Refusal} 400 for anything else */
export function numberOf(head: Head, name: string): number | undefined {
  const text = headerOf(head, name);
  if (text === undefined) return undefined;
  const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw malformed(name);
  return value;
}

export function requiredNumberOf(head: Head, name: string): number {
  const value = numberOf(head, name);
  if (value === undefined) throw malformed(name);
  return value;
}

/** The body's length as it was declared. @throws {Refusal} 411 where it was not, 413 above `most`, 400 */
export function lengthOf(head: Head, most: number): number {
  const length = numberOf(head, 'content-length');
  if (length === undefined) throw new Refusal(411, 'content-length');
  if (length > most) throw new Refusal(413, 'too-large');
  return length;
}

/** 20 bytes in hex. @throws {Refusal} 400 for anything else, or nothing */
export function sha1Of(head: Head, name: string): Uint8Array {
  const text = headerOf(head, name) ?? '';
  if (!/^[0-9a-f]{40}$/i.test(text)) throw malformed(name);
  return Buffer.from(text, 'hex');
}

/** The components of a path; none where the header is empty or missing. @throws {Refusal} 400 */
export function folderOf(head: Head): readonly string[] {
  const path = textOf(head, 'x-path-base64');
  const components = path === '' ? [] : path.split('/');
  if (components.length > 0 && !isSafe(components)) throw malformed('x-path-base64');
  return components;
}

/** The components of a path below a root. @throws {Refusal} 400 for what can name no file there */
export function pathOf(head: Head): readonly string[] {
  const components = folderOf(head);
  if (components.length === 0) throw malformed('x-path-base64');
  return components;
}

/** Text that stands as base64 of its UTF-8; empty where the header is missing. @throws {Refusal} 400 */
export function textOf(head: Head, name: string): string {
  const text = headerOf(head, name) ?? '';
  const bytes = Buffer.from(text, 'base64');
  // The decoder takes much that is none; what it understood has one spelling.
  if (bytes.toString('base64') !== text) throw malformed(name);
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed(name);
  }
}

function malformed(name: string): Refusal {
  return new Refusal(400, name);
}
