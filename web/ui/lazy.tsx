import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { notify } from '../notices.ts';
import { loadWords, words, type Area } from '../words/words.ts';

type View<P> = (props: P) => JSX.Element | null;
type Lazy<P> = View<P> & {
  /** It is there, and shown without a wait. */
  readonly isThere: ReadonlySignal<boolean>;
  /** Fetches it before it is shown. Where it cannot be had, nothing is said: the first showing asks again. */
  prepare(): Promise<void>;
};

/** How long what cannot be given up waits before it is asked for again, in ms. */
const AGAIN_MS = 5000;

let loadsAgain = (): boolean => false;

/** What to try first where a part did not come; true: the page is about to be another. Call once, where loading the page again loses nothing. */
export function loadAgainBy(act: () => boolean): void {
  loadsAgain = act;
}

/** Says that what a person asked for was not there to be had. */
export function tellNotLoaded(cause: unknown): void {
  console.warn('A part of the app could not be loaded.', cause);
  notify(words.common.notLoaded(), 'bad');
}

/**
 * A part of the app that is fetched when it is first shown, with the texts of these areas; until then nothing stands in its place. Where it
 * cannot be had, that is said, and `giveUp` takes back what asked for it, so that the next showing asks again; null: it is asked for again
 * by itself.
 */
export function lazy<P extends object>(
  load: () => Promise<View<P>>,
  giveUp: ((props: P) => void) | null,
  ...areas: readonly Area[]
): Lazy<P> {
  const view = signal<{ readonly is: View<P> } | null>(null);
  const fetch = async (): Promise<void> => {
    const [is] = await Promise.all([load(), loadWords(...areas)]);
    view.value = { is };
  };
  const Shown = (props: P): JSX.Element | null => {
    const latest = useRef(props);
    latest.current = props;
    useEffect(() => {
      if (view.peek() !== null) return;
      let isShown = true;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const ask = async (): Promise<void> => {
        try {
          await fetch();
        } catch (cause) {
          if (!isShown || loadsAgain()) return;
          tellNotLoaded(cause);
          if (giveUp === null) timer = setTimeout(() => void ask(), AGAIN_MS);
          else giveUp(latest.current);
        }
      };
      void ask();
      return () => {
        isShown = false;
        clearTimeout(timer);
      };
    }, []);
    const Loaded = view.value?.is;
    return Loaded === undefined ? null : <Loaded {...props} />;
  };
  return Object.assign(Shown, {
    isThere: computed(() => view.value !== null),
    prepare: () => fetch().catch((cause: unknown) => console.warn('A part of the app could not be fetched early.', cause)),
  });
}
