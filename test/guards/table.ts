/** Every guard that `npm run guards` takes out, a file for each area. */
import { ADDRESSES } from './addresses.ts';
import { DOOR } from './door.ts';
import { FAULTS } from './faults.ts';
import { FILE_GUARDS } from './files.ts';
import { FLOODS } from './floods.ts';
import { FOLDER_GUARDS } from './folders.ts';
import type { Guarded } from './guard.ts';
import { HOST_GUARDS } from './host.ts';
import { HTTP } from './http.ts';
import { PAYLOAD } from './landing.ts';
import { LOGS } from './logs.ts';
import { PAIRING } from './pairing.ts';

export const GUARDS: readonly Guarded[] = [
  ...DOOR,
  ...PAIRING,
  ...FAULTS,
  ...FILE_GUARDS,
  ...FOLDER_GUARDS,
  ...ADDRESSES,
  ...FLOODS,
  ...LOGS,
  ...HTTP,
  ...HOST_GUARDS,
  ...PAYLOAD,
];
