/**
 * The bytes of a file in one stream, whoever sends them: where the sender ends in the middle, as the work goes from one browser to
 * another or the io-daemon is started again, the rest comes from the next.
 */

/** Where bytes come from. */
export interface Source {
  readonly body: ReadableStream<Uint8Array>;
  /** It is read no more. */
  readonly close: () => void;
}

export interface UnbrokenOptions {
  /** Bytes that have to come; null where that is not known, and the first source is all there is. */
  readonly length: number | null;
  /** The last so many bytes; null where nobody has them. */
  readonly goOn: (left: number) => Promise<Source | null>;
  /** All has come, nothing more will, or nobody reads any more. */
  readonly ended: () => void;
}

/** The worker passes the bytes on, and so lives, and with it the engine, as long as somebody reads them. */
export function unbroken(first: Source, { length, goOn, ended }: UnbrokenOptions): ReadableStream<Uint8Array> {
  let { close } = first;
  let reader = first.body.getReader();
  let left = length;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    close();
    ended();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (!isOver) {
          let cut: unknown = new TypeError('The file ended before its end.');
          try {
            const { done, value } = await reader.read();
            if (!done) {
              if (left !== null) left -= value.length;
              return controller.enqueue(value);
            }
            if (left === null || left <= 0) {
              end();
              return controller.close();
            }
          } catch (error) {
            cut = error;
          }
          close();
          close = () => undefined;
          const next = left === null || isOver ? null : await goOn(left);
          if (next === null) {
            end();
            throw cut;
          }
          ({ close } = next);
          reader = next.body.getReader();
          if (!isOver) continue;
          close();
          await reader.cancel();
        }
      },
      cancel(reason) {
        end();
        // What was cut cannot be called off.
        return reader.cancel(reason).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
