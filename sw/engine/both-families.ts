import { hostPort } from './codec/address.ts';
import { MAX_PEERS } from './codec/tracker.ts';
import type { AnnounceAnswer, AnnounceFailure } from './codec/tracker.ts';

export type TrackerAnswer = AnnounceFailure | AnnounceAnswer;

/**
 * Asks in all of these ways at once. `done` hears an answer as soon as there is one, with `more` while another way may still
 * answer, and then what all of them come to. A failure waits for the others. The answer calls off what is under way.
 */
export function askEach<Way>(
  ways: readonly Way[],
  ask: (way: Way, told: (answer: TrackerAnswer) => void) => () => void,
  done: (answer: TrackerAnswer, more: boolean, all: ReadonlyMap<Way, TrackerAnswer>) => void,
): () => void {
  const all = new Map<Way, TrackerAnswer>();
  const cancels = ways.map(way =>
    ask(way, answer => {
      all.set(way, answer);
      const more = all.size < ways.length;
      if (!more || 'peers' in answer) done(together([...all.values()]), more, all);
    }),
  );
  return () => cancels.forEach(cancel => cancel());
}

/** Of one tracker: the peers of all, and the higher counts, as it may count each family for itself. A refusal is told before a fault. */
function together(answers: readonly TrackerAnswer[]): TrackerAnswer {
  const [first, ...others] = answers.filter(answer => 'peers' in answer);
  if (!first) {
    const failures = answers.filter(answer => 'failure' in answer);
    return failures.find(({ refused }) => refused) ?? failures[0] ?? { failure: 'It was not asked.', refused: false };
  }
  return others.reduce((one, other) => {
    const peers = new Map([...one.peers, ...other.peers].map(peer => [hostPort(peer), peer]));
    return {
      ...one,
      minInterval: Math.max(one.minInterval, other.minInterval),
      complete: Math.max(one.complete, other.complete),
      incomplete: Math.max(one.incomplete, other.incomplete),
      warning: one.warning || other.warning,
      peers: [...peers.values()].slice(0, MAX_PEERS),
    };
  }, first);
}
