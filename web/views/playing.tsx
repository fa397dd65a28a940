import { useSignal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { notify } from '../notices.ts';
import { playing, type Film } from '../playing.ts';
import { loadWords, words } from '../words/words.ts';

/** The player over everything else, while something is open in it. It is loaded when it is first asked for. */
export function Playing(): JSX.Element | null {
  const player = useSignal<{ readonly Player: ComponentType<{ readonly film: Film }> } | null>(null);
  const film = playing.value;
  const isOpen = film !== null;
  useEffect(() => {
    if (!isOpen || player.peek() !== null) return;
    Promise.all([import('../player/player.tsx'), loadWords('now', 'player', 'trouble')]).then(
      ([loaded]) => (player.value = loaded),
      giveUp,
    );
  }, [isOpen]);
  if (film === null || player.value === null) return null;
  const { Player } = player.value;
  return <Player key={`${film.id}/${film.file}`} film={film} />;
}

function giveUp(): void {
  playing.value = null;
  notify(words.window.noPlayer(), 'bad');
}
