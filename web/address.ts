/** What the address asks for: `#pair=SECRET` or `#magnet=URI`. Both leave it at once, so that no history keeps them. All else behind a `#` is route.ts's. */
export interface Request {
  readonly secret: string | null;
  readonly magnet: string | null;
}

export function takeRequest(): Request {
  const request = readRequest(location.hash);
  if (request.secret !== null || request.magnet !== null) history.replaceState(null, '', location.pathname + location.search);
  return request;
}

/** Reads the part of an address from its `#` on. A `+` is left alone: magnet links hold them unescaped. */
export function readRequest(hash: string): Request {
  const match = /^#(pair|magnet)=(.+)$/s.exec(hash);
  const [, name, encoded] = match ?? [];
  if (name === undefined || encoded === undefined) return { secret: null, magnet: null };
  const value = decode(encoded);
  return name === 'pair' ? { secret: value, magnet: null } : { secret: null, magnet: value };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
