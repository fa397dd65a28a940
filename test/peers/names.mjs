/** Told to a Node that starts: a name whose addresses are 127.0.0.1 and ::1, as few machines have one of their own. */
import promises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const real = promises.lookup;
promises.lookup = (name, options) =>
  name === 'both.example'
    ? Promise.resolve([
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ])
    : real(name, options);
syncBuiltinESMExports();
