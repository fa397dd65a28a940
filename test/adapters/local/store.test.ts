import { storeContract } from '../../contract/store.ts';
import { Lives, ROOT } from './lives.ts';
import { readFile } from './asking.ts';

storeContract('the store of the browser', async () => {
  const lives = await Lives.begin();
  return {
    store: lives.store,
    root: ROOT,
    read: components => readFile(lives.store, components),
    async close() {
      await lives.store.close();
      lives.end();
    },
  };
});
