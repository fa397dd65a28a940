/** The engine's one door. */
export { EngineError } from './errors.ts';
export { Session } from './session.ts';
export type { AddSource } from './session.ts';
export type { DetailView, TorrentView, ViewProblem, ViewState } from './view.ts';
