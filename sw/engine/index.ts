/** The engine's one door. */
export { EngineError } from './errors.ts';
export { CLOSE_WITHIN } from './closing.ts';
export { Session } from './session.ts';
export type { Gift, Giving } from './giving.ts';
export type { Taking } from './taking.ts';
export type { Source } from './source.ts';
export type { Audience } from './handing-over.ts';
export type { News } from './news.ts';
export type { AddSource } from './intake.ts';
export type { DetailView, TorrentView, ViewProblem, ViewState } from './view.ts';
export { checkPieceLength, choosePieceLength, createTorrent, placeFiles, TreeBuilder } from './codec/create.ts';
export type { FileTree, NewHashes, NewFile, PlacedFile, TorrentKind } from './codec/create.ts';
export { formatMagnet, parseMagnet } from './codec/magnet.ts';
export type { FileRange, Magnet } from './codec/magnet.ts';
export { MAX_TORRENT_BYTES, parseTorrent } from './codec/metainfo.ts';
export type { Metainfo } from './codec/metainfo.ts';
export type { PeerAddress } from './codec/address.ts';
