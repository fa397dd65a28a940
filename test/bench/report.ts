/** What a bench prints as its last line. */
export interface Report {
  readonly name: string;
  readonly unit: string;
  readonly ours: { readonly median: number; readonly samples: readonly number[] };
  readonly peer: { readonly name: string; readonly median: number; readonly samples: readonly number[] };
  /** Above 1: ours is better. */
  readonly ratio: number;
  readonly [more: string]: unknown;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
