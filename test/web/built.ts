import { setup as shareHome } from '../data-home.ts';
import { buildMock } from './mock/site.ts';

/** What the tests of the interface share. */
export async function setup(): Promise<() => void> {
  const endHome = shareHome();
  const endMock = await buildMock();
  return () => {
    endMock();
    endHome();
  };
}
