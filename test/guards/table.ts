/** Every guard that `npm run guards` takes out, a file for each area. */
import { ADDRESSES } from './addresses.ts';
import { DOOR } from './door.ts';
import { FAULTS } from './faults.ts';
import { FLOODS } from './floods.ts';
import type { Guarded } from './guard.ts';
import { HTTP } from './http.ts';
import { LOGS } from './logs.ts';

export const GUARDS: readonly Guarded[] = [...DOOR, ...FAULTS, ...ADDRESSES, ...FLOODS, ...LOGS, ...HTTP];
