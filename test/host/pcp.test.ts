import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EpochWatch } from '../../daemon/host/portmap/exchange.ts';
import { decodeAddress, decodeMapping, encodeMapRequest } from '../../daemon/host/portmap/nat-pmp-codec.ts';
import { NatPmpRouter } from '../../daemon/host/portmap/nat-pmp-router.ts';
import { decodeAnswer, decodeMap, encodeAnnounce, encodeMap, isOtherVersion } from '../../daemon/host/portmap/pcp-codec.ts';
import { PcpRouter } from '../../daemon/host/portmap/pcp-router.ts';
import type { Router } from '../../daemon/host/portmap/router.ts';
import type { PortWish } from '../../daemon/wire/control.ts';
import { closedPort, LOOPBACK, udpGateway } from './gateway.ts';

const TCP: PortWish = { protocol: 'tcp', port: 6881 };

/** The answer of a PCP server to a MAP request that it grants. */
function granted(request: Uint8Array, { port = 6881, lifetime = 3600, epoch = 100, result = 0 } = {}): Uint8Array {
  const answer = Uint8Array.from(request);
  const view = new DataView(answer.buffer);
  answer[1] = 0x81;
  answer[3] = result;
  view.setUint32(4, lifetime);
  view.setUint32(8, epoch);
  answer.fill(0, 12, 24);
  view.setUint16(42, port);
  answer.set([...new Uint8Array(10), 0xff, 0xff, 81, 2, 69, 142], 44);
  return answer;
}

const closing = <T extends Router>(router: T): T => {
  onTestFinished(() => router.close());
  return router;
};

describe('PCP', () => {
  it('opens a port, prolongs it with the same nonce, and ends it', async () => {
    const gateway = await udpGateway(bytes => [{ bytes: granted(bytes, { port: 7000 }) }]);
    const router = closing(new PcpRouter(LOOPBACK, 'secret', gateway.port));
    expect(await router.map(TCP, 6999)).toEqual({ externalPort: 7000, externalAddress: '81.2.69.142', lifetime: 3600 });
    await router.map(TCP, 7000);
    await router.unmap(TCP);
    await closing(new PcpRouter(LOOPBACK, 'secret', gateway.port)).map(TCP, 1);
    await closing(new PcpRouter(LOOPBACK, 'another', gateway.port)).map(TCP, 1);
    const [first, second, last, restarted, stranger] = gateway.heard.map(bytes =>
      Buffer.from(bytes).subarray(24, 36).toString('hex'),
    );
    expect([second, last, restarted]).toEqual([first, first, first]);
    expect(stranger).not.toBe(first);
    const request = Buffer.from(gateway.heard[0]!);
    expect(request.subarray(0, 24).toString('hex')).toBe('020100000000' + '0e10' + '00000000000000000000ffff7f000001');
    expect(request.subarray(36).toString('hex')).toBe('060000001ae11b57' + '00000000000000000000ffff00000000');
    expect(Buffer.from(gateway.heard[2]!).readUInt32BE(4)).toBe(0);
  });

  it('asks again while it hears nothing, and believes no other answer, nor any from elsewhere', async () => {
    const gateway = await udpGateway((bytes, before) => {
      const forged = granted(bytes, { port: 666 });
      const otherNonce = granted(bytes, { port: 667 });
      otherNonce[24]! ^= 1;
      const otherPort = granted(bytes, { port: 668 });
      otherPort[41]! ^= 1;
      const otherProtocol = granted(bytes, { port: 669 });
      otherProtocol[36] = 17;
      const request = Uint8Array.from(bytes);
      const wrong = [
        otherNonce,
        otherPort,
        otherProtocol,
        request,
        forged.subarray(0, 56),
        forged.subarray(0, 24),
        new Uint8Array(0),
      ];
      const lies = [
        { bytes: forged, from: '127.0.0.2' },
        { bytes: forged, from: '127.0.0.1' },
      ];
      return [...lies, ...wrong.map(said => ({ bytes: said })), ...(before < 2 ? [] : [{ bytes: granted(bytes) }])];
    });
    const router = closing(new PcpRouter(LOOPBACK, '', gateway.port));
    expect((await router.map(TCP, 6881)).externalPort).toBe(6881);
    expect(gateway.heard.length).toBeGreaterThanOrEqual(3);
  });

  it('is silent where nothing listens, and where nobody answers: then it was asked four times', async () => {
    const shut = closing(new PcpRouter(LOOPBACK, '', await closedPort()));
    await expect(shut.map(TCP, 1)).rejects.toMatchObject({ kind: 'silent' });
    const gateway = await udpGateway(() => []);
    await expect(closing(new PcpRouter(LOOPBACK, '', gateway.port)).map(TCP, 1)).rejects.toMatchObject({ kind: 'silent' });
    expect(gateway.heard.length).toBe(4);
  });

  it('tells a refusal from a router of another version, and grants of nothing from grants', async () => {
    let answer: (bytes: Uint8Array) => Uint8Array = bytes => granted(bytes);
    const gateway = await udpGateway(bytes => [{ bytes: answer(bytes) }]);
    const router = closing(new PcpRouter(LOOPBACK, '', gateway.port));
    answer = bytes => granted(bytes, { result: 2 });
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused', message: 'It does not allow it.' });
    answer = bytes => granted(bytes, { result: 2 }).subarray(0, 24);
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused' });
    answer = () => Uint8Array.of(0, 0x81, 0, 1, 0, 0, 0, 9);
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'silent' });
    answer = bytes => granted(bytes, { port: 0 });
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused' });
    answer = bytes => granted(bytes, { lifetime: 0 });
    await expect(router.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused' });
    answer = bytes => granted(bytes, { lifetime: 1 });
    expect((await router.map(TCP, 1)).lifetime).toBe(120);
    answer = bytes => granted(bytes, { lifetime: 0xffffffff });
    expect((await router.map(TCP, 1)).lifetime).toBe(24 * 3600);
  });

  it('notices by its count of seconds that a router began anew', async () => {
    let epoch = 1000;
    const gateway = await udpGateway(bytes => [
      { bytes: granted(bytes.length === 60 ? bytes : Buffer.alloc(60, bytes), { epoch }) },
    ]);
    const router = closing(new PcpRouter(LOOPBACK, '', gateway.port));
    await router.map(TCP, 1);
    expect(await router.remembers()).toBe(true);
    epoch = 3;
    expect(await router.remembers()).toBe(false);
    expect(await router.remembers()).toBe(true);
  });

  it('decodes anything or nothing', () => {
    const request = { ...TCP, nonce: new Uint8Array(12), client: '10.0.0.2', suggestedPort: 1, lifetime: 1 };
    const start = fc.constantFrom([2, 0x81], [2, 0x80], [0, 0x81], [0, 0x80]);
    const message = fc.tuple(start, fc.uint8Array({ maxLength: 80 })).map(([head, rest]) => Uint8Array.of(...head, ...rest));
    fc.assert(
      fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 1200 })), bytes => {
        const answer = decodeMap(bytes, request);
        if (answer !== null) expect(answer.externalPort).toBeLessThan(65_536);
        decodeAnswer(bytes);
        isOtherVersion(bytes);
        decodeAddress(bytes);
        decodeMapping(bytes, TCP);
      }),
    );
    expect(decodeMap(new Uint8Array(1104), request)).toBeNull();
    expect(decodeMap(granted(encodeMap(request)), request)).toMatchObject({ externalPort: 6881, externalAddress: '81.2.69.142' });
    expect(encodeAnnounce('2001:db8::1')).toHaveLength(24);
  });
});

describe('NAT-PMP', () => {
  const seconds = (bytes: Uint8Array, epoch: number): Uint8Array => {
    new DataView(bytes.buffer).setUint32(4, epoch);
    return bytes;
  };
  const address = (epoch = 100): Uint8Array => seconds(Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 0, 81, 2, 69, 142), epoch);
  const mapping = (request: Uint8Array, port = 7000): Uint8Array =>
    Uint8Array.of(
      0,
      0x80 | request[1]!,
      0,
      0,
      0,
      0,
      0,
      100,
      request[4]!,
      request[5]!,
      port >> 8,
      port & 255,
      ...request.subarray(8, 12),
    );

  it('opens a port and ends it', async () => {
    const gateway = await udpGateway(bytes => [{ bytes: bytes.length === 2 ? address() : mapping(bytes) }]);
    const router = closing(new NatPmpRouter(LOOPBACK, gateway.port));
    expect(await router.map(TCP, 6999)).toEqual({ externalPort: 7000, externalAddress: '81.2.69.142', lifetime: 3600 });
    await router.unmap(TCP);
    expect(gateway.heard.map(bytes => Buffer.from(bytes).toString('hex'))).toEqual([
      '0000',
      '000200001ae11b5700000e10',
      '000200001ae1000000000000',
    ]);
  });

  it('believes no answer to another question, and tells a refusal', async () => {
    const udp = encodeMapRequest({ protocol: 'udp', port: 6881 }, 1, 1);
    const other = encodeMapRequest({ protocol: 'tcp', port: 6882 }, 1, 1);
    const gateway = await udpGateway(bytes => {
      if (bytes.length === 2) return [{ bytes: mapping(udp) }, { bytes: address().subarray(0, 11) }, { bytes: address() }];
      const wrong = [mapping(udp, 666), mapping(other, 667), address(), Uint8Array.of(0), mapping(bytes).subarray(0, 14)];
      return [...wrong, mapping(bytes)].map(said => ({ bytes: said }));
    });
    const router = closing(new NatPmpRouter(LOOPBACK, gateway.port));
    expect((await router.map(TCP, 1)).externalPort).toBe(7000);
    const unwilling = await udpGateway(bytes => [{ bytes: Uint8Array.of(0, 0x80 | bytes[1]!, 0, 2, 0, 0, 0, 1) }]);
    const refusing = closing(new NatPmpRouter(LOOPBACK, unwilling.port));
    await expect(refusing.map(TCP, 1)).rejects.toMatchObject({ kind: 'refused', message: 'It does not allow it.' });
  });

  it('notices by its count of seconds that a router began anew', async () => {
    let epoch = 1000;
    const gateway = await udpGateway(() => [{ bytes: address(epoch) }]);
    const router = closing(new NatPmpRouter(LOOPBACK, gateway.port));
    expect([await router.remembers(), await router.remembers()]).toEqual([true, true]);
    epoch = 0;
    expect(await router.remembers()).toBe(false);
  });
});

it('a count of seconds may lag an eighth, and two seconds, behind', () => {
  const watch = new EpochWatch();
  expect(watch.goesOn(10, 0)).toBe(true);
  expect(watch.goesOn(10 + 70 - 2, 80_000)).toBe(true);
  expect(watch.goesOn(78 + 70 - 3, 160_000)).toBe(false);
});
