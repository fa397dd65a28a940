/** At most one engine runs in this browser: whoever has the lock. A worker that is ended lets go of it. */
const NAME = 'starling-engine';

export class EngineLock {
  /** Lets go of the lock; while it is not held, there is nothing to let go of. */
  release: () => void = () => undefined;

  /** Resolves once no one else has it; it is then kept until `release`. */
  acquire(): Promise<void> {
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(NAME, () => {
          resolve();
          return new Promise<void>(release => (this.release = release));
        })
        .catch(reject);
    });
  }
}
