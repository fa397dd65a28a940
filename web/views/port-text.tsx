import type { JSX } from 'preact';
import { describePorts } from '../reachability.ts';
import { store } from '../store.ts';

/** How far peers from outside can connect to us, where that is known. */
export function PortText(): JSX.Element | null {
  const { ports } = store.connection.value;
  const said = ports === null ? null : describePorts(ports);
  return said && <p class="quiet">{said.text}</p>;
}
