import type { JSX } from 'preact';

export function Logo(): JSX.Element {
  return (
    <svg class="logo" width="24" height="24" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <path d="M20.6 5.9c-.5-1.6-2-2.6-3.7-2.5-1.9.1-3.2 1.4-3.6 3.2-.9 3-4.3 4-7.2 5.6-1.6.9-3 2.1-4 3.7 2.5-.3 4.3-.6 6.3-.3-1.5.9-2.6 2-3.4 3.5 2.1-.2 4-.9 5.6-1.9.9 1 2.3 1.7 4 2-.7-.9-1.1-1.8-1.2-2.9 3.8-.9 6.3-3.9 6.3-7.9 0-.5.1-.9.4-1.2l2.4-.6z" />
    </svg>
  );
}
