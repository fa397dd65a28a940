/** The word that was probably meant by one that is not known, or null where none is near. */
export function closest(word: string, known: readonly string[]): string | null {
  const near = known.map(each => ({ each, far: distance(word, each) })).sort((a, b) => a.far - b.far)[0];
  return near !== undefined && near.far <= 2 && near.far < near.each.length ? near.each : null;
}

/** Insertions, deletions and exchanges that lead from one word to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const exchanged = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
