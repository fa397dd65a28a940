import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { THERE_PATH } from '../../sw/api.ts';
import { formatPercent } from '../format.ts';
import type { Film } from '../playing.ts';
import { words } from '../words/words.ts';

/** Ms between two looks. */
const PERIOD = 1_000;
const WHOLE = 100;

/** What of the film is there, from its beginning to its end; nothing where that is not known. */
export function There({ film }: { readonly film: Film }): JSX.Element | null {
  const shares = useSignal<readonly number[]>([]);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden) shares.value = await readShares(film);
      const isWhole = shares.peek().length > 0 && shares.peek().every(share => share === WHOLE);
      if (!isOver && !isWhole) timer = setTimeout(() => void look(), PERIOD);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [film.id, film.file]);
  const parts = shares.value;
  if (parts.length === 0) return null;
  const sum = parts.reduce((total, share) => total + share, 0);
  return (
    <svg
      class="player-there"
      viewBox={`0 0 ${parts.length} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words.player.there({ share: formatPercent(sum / parts.length / WHOLE) })}
    >
      {runs(parts).map(({ from, length, share }) => (
        <rect key={from} x={from} y={0} width={length} height={1} fill-opacity={share / WHOLE} />
      ))}
    </svg>
  );
}

async function readShares({ id, file }: Film): Promise<readonly number[]> {
  try {
    const answer = await fetch(`${THERE_PATH}${id}/${file}`, { cache: 'no-store' });
    return answer.ok ? ((await answer.json()) as readonly number[]) : [];
  } catch {
    return [];
  }
}

/** Neighbours with the same share, in one; those with nothing left out. */
function runs(parts: readonly number[]): { readonly from: number; readonly length: number; readonly share: number }[] {
  const all: { from: number; length: number; share: number }[] = [];
  parts.forEach((share, at) => {
    const last = all.at(-1);
    if (last !== undefined && last.share === share && last.from + last.length === at) last.length++;
    else if (share > 0) all.push({ from: at, length: 1, share });
  });
  return all;
}
