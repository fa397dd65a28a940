import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { notify } from '../notices.ts';

type View<P> = (props: P) => JSX.Element | null;

const NOT_LOADED = 'This part of the app could not be loaded. Look at the connection, and try again.';

/** A part of the app that is fetched when it is first shown; until then nothing stands in its place. */
export function lazy<P extends object>(load: () => Promise<View<P>>): View<P> {
  const view = signal<{ readonly is: View<P> } | null>(null);
  let isAsked = false;
  const fetch = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    try {
      view.value = { is: await load() };
    } catch (cause) {
      // Asked again with the next showing: it is a file of this version, which the worker keeps.
      isAsked = false;
      console.error('A part of the app could not be loaded.', cause);
      notify(NOT_LOADED, 'bad');
    }
  };
  return props => {
    useEffect(() => void fetch(), []);
    const Loaded = view.value?.is;
    return Loaded === undefined ? null : <Loaded {...props} />;
  };
}
