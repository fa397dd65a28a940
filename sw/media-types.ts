/** What a browser shows by itself and that cannot act there: neither documents nor pictures with scripts in them. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  ogv: 'video/ogg',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  flac: 'audio/flac',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
  pdf: 'application/pdf',
  txt: 'text/plain; charset=utf-8',
  nfo: 'text/plain; charset=utf-8',
  srt: 'text/plain; charset=utf-8',
};

/** What a file is served as, by its name; null for what can only be saved. */
export function mediaTypeOf(name: string): string | null {
  const [, extension = ''] = /[.]([A-Za-z0-9]{1,5})$/.exec(name) ?? [];
  const type = Object.entries(MEDIA_TYPES).find(([known]) => known === extension.toLowerCase());
  return type?.[1] ?? null;
}
