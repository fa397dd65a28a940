/** What answers for files of torrents have in common: how they are named, and that none is a document which could act for the app. */

const GONE = new Set(['no-such-torrent', 'no-such-file', 'no-files-yet']);
/** What is over in a moment. */
const PASSING = ['not-yet', 'checking', 'loading'];
const AWAY = new Set([
  ...PASSING,
  'daemon-away',
  'unpaired',
  'superseded',
  'followed',
  'far-read-away',
  'far-read-other',
  'read-away',
  'updating',
  'too-many-reads',
]);

/** No script, no form, no frame, and nothing from elsewhere; `sandbox` beside it. */
const CONTENT_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The headers of a body that is shown as `type`, or saved where that is null. */
export function fileHeaders(name: string, type: string | null): Headers {
  return new Headers({
    'content-type': type ?? 'application/octet-stream',
    'content-disposition': `${type === null ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeName(name)}`,
    'cache-control': 'no-store',
    ...guards(type),
  });
}

/** A sentence for people in place of a file. */
export function refusal(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...guards('text/plain') },
  });
}

/** The refusal that an error stands for; what has no `code` is told nothing of. */
export function refused(error: unknown): Response {
  const code = codeOf(error);
  if (code === '') return refusal(503, 'The file could not be read just now. Open it again in a moment.');
  return refusal(GONE.has(code) ? 404 : AWAY.has(code) ? 503 : 409, (error as Error).message);
}

/** Whether the same may be had in a moment, without anybody's doing. */
export function isPassing(error: unknown): boolean {
  return PASSING.includes(codeOf(error));
}

/** Empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * The document that a browser makes around a film or a song fetches its address anew, and only one of our origin is answered from
 * here: it keeps the origin, without scripts. The viewers of PDF work in no sandbox, and are apart from the origin by themselves.
 */
function guards(type: string | null): Readonly<Record<string, string>> {
  const isPlayed = type !== null && /^(video|audio)[/]/.test(type);
  const sandbox = type === 'application/pdf' ? '' : isPlayed ? '; sandbox allow-same-origin' : '; sandbox';
  return {
    'content-security-policy': CONTENT_POLICY + sandbox,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  };
}

/** As RFC 8187 has it. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
