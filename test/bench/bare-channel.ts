/** A data channel between two pages, with nothing around it: what the browser itself can carry. */
import type { Page } from '../e2e/browser.ts';
import { until } from '../peers/wait.ts';

/** Describes the connection of a page, with all its addresses. */
const described = `new Promise(resolve => {
  const done = () => resolve(pc.localDescription.sdp);
  if (pc.iceGatheringState === 'complete') done();
  else pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
})`;

/** Sends so many bytes from one page to the other, and gives MB a second between the first and the last that came. */
export async function bareOnce(
  from: Page,
  to: Page,
  { bytes, message = 64 << 10, ahead = 4 << 20 }: { bytes: number; message?: number; ahead?: number },
): Promise<number> {
  const offer = await from.evaluate<string>(`(async () => {
    globalThis.pc = new RTCPeerConnection({ iceServers: [] });
    globalThis.channel = pc.createDataChannel('');
    channel.bufferedAmountLowThreshold = ${ahead} / 2;
    let left = ${bytes};
    const fill = () => {
      for (; left > 0 && channel.bufferedAmount < ${ahead}; left -= ${message}) channel.send(new Uint8Array(Math.min(left, ${message})));
    };
    channel.onbufferedamountlow = fill;
    channel.onopen = fill;
    await pc.setLocalDescription();
    return ${described};
  })()`);
  const answer = await to.evaluate<string>(`(async () => {
    globalThis.pc = new RTCPeerConnection({ iceServers: [] });
    globalThis.received = { bytes: 0, first: 0, last: 0 };
    pc.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer';
      channel.onmessage = ({ data }) => {
        received.first ||= performance.now();
        received.bytes += data.byteLength;
        received.last = performance.now();
      };
    };
    await pc.setRemoteDescription({ type: 'offer', sdp: ${JSON.stringify(offer)} });
    await pc.setLocalDescription();
    return ${described};
  })()`);
  await from.evaluate(`pc.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(answer)} })`);
  await until('all bytes to have come', () => to.evaluate<boolean>(`received.bytes >= ${bytes}`), 600_000);
  const seconds = await to.evaluate<number>('(received.last - received.first) / 1000');
  for (const page of [from, to]) await page.evaluate('pc.close()');
  return bytes / 1e6 / seconds;
}
