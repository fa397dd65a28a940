/** Lends this window's WebRTC to the worker. What makes the connections is fetched once the worker asks for the first. */
import { API_VERSION } from '../../sw/api.ts';
import { LENDER_LOCK, type ToLender } from '../../sw/lending.ts';

/** Ms until a window whose port the worker closed stands in line again. */
const PAUSE = 10_000;

/** Lends as soon as no other window does, until `ended` settles; where the worker leaves it, others have their turn first. */
export function lendTo(worker: ServiceWorker, ended: Promise<void>): void {
  if (typeof RTCPeerConnection === 'undefined') return;
  const waiting = new AbortController();
  void ended.then(() => waiting.abort());
  const lend = async (): Promise<void> => {
    const { port1, port2 } = new MessageChannel();
    const over = Promise.race([ended, new Promise<void>(resolve => port1.addEventListener('close', () => resolve()))]);
    worker.postMessage({ type: 'lend', version: API_VERSION }, [port2]);
    try {
      await lendBy(port1, over);
    } catch (cause) {
      console.warn('WebRTC could not be lent.', cause);
    } finally {
      port1.close();
    }
  };
  const takeTurns = async (): Promise<void> => {
    while (!waiting.signal.aborted) {
      await navigator.locks.request(LENDER_LOCK, { signal: waiting.signal }, lend);
      await Promise.race([ended, new Promise(resolve => setTimeout(resolve, PAUSE))]);
    }
  };
  takeTurns().catch(() => {
    // The worker has ended before it was this window's turn.
  });
}

async function lendBy(port: MessagePort, over: Promise<void>): Promise<void> {
  const heard: ToLender[] = [];
  const asked = new Promise<void>(resolve => {
    port.onmessage = ({ data }: MessageEvent<ToLender>) => {
      heard.push(data);
      resolve();
    };
  });
  await Promise.race([over, asked]);
  if (heard.length === 0) return;
  const { Lender } = await import('./lender.ts');
  const lender = new Lender(port, heard);
  await over;
  lender.end();
}
