/**
 * Whether the helper lets in pages of this origin, as it says itself. A WebSocket that it refuses looks to a browser like one
 * that nobody has answered.
 */

const WITHIN_MS = 3_000;

/** Null where it does not say, or is not there. */
export async function letsUsIn(port: number): Promise<boolean | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const said: unknown = await answer.json();
    if (typeof said !== 'object' || said === null || !('name' in said) || said.name !== 'starling') return null;
    return 'paired' in said && typeof said.paired === 'boolean' ? said.paired : null;
  } catch {
    return null;
  }
}
