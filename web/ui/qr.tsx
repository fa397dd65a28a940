import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';

/** Modules of white around it, so that a camera finds its edge. */
const MARGIN = 4;

/** A text as a QR code, or nothing where it is longer than one can be. What draws it is loaded then. */
export function Qr({ text, label }: { text: string; label: string }): JSX.Element | null {
  const modules = useSignal<boolean[][] | null>([]);
  useEffect(() => {
    void modulesOf(text).then(found => (modules.value = found));
  }, [text]);
  if (modules.value === null) return null;
  const path = modules.value.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  const size = Math.max(1, modules.value.length) + 2 * MARGIN;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`${-MARGIN} ${-MARGIN} ${size} ${size}`} shape-rendering="crispEdges">
      <rect x={-MARGIN} y={-MARGIN} width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

async function modulesOf(text: string): Promise<boolean[][] | null> {
  try {
    const { encode } = await import('uqr');
    return encode(text, { ecc: 'L', border: 0 }).data;
  } catch {
    return null;
  }
}
