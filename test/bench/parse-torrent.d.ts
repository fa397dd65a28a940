/** What we use of `parse-torrent`, which comes with webtorrent and brings no types. */
declare module 'parse-torrent' {
  export default function parseTorrent(bytes: Uint8Array): Promise<{ files: unknown[]; infoHash: string }>;
}
