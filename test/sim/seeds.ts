/** Replays a simulation from the seed of another run: `STARLING_SIM_SEED=4711 npx vitest run test/sim/… -t …`. */
const replayed = process.env.STARLING_SIM_SEED;

/** The seeds that a simulation is run with, named in the test's title; or the one that is to be replayed. */
export function seeds(...usual: readonly number[]): readonly number[] {
  return replayed === undefined ? usual : [Number(replayed)];
}
