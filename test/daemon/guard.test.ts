import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { NetStatus } from '../../daemon/wire/frames.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['93.184.216.34', '2606:2800:220:1::1'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'lan.example': ['192.168.1.20'],
  'nowhere.example': [],
};
const resolve = (name: string) => Promise.resolve(names[name] ?? ['127.0.0.1']);
const guard = new Guard([], resolve);

const neverPermitted = [
  '127.0.0.1',
  '127.1.2.3',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '::1',
  '::2',
  '::127.0.0.1',
  '::7f00:1',
  '::a9fe:a9fe',
  '::ffff:a9fe:a9fe',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:93.184.216.34',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '64:ff9b:1:ffff::7f00:1',
  '1000::1',
  '4000::1',
  '5f00::1',
  'fec0::1',
  '2002:7f00:1::1',
  '2001:0:7f00:1::1',
  '169.254.169.254',
  '169.254.1.1',
  'fe80::1',
  'fe80::1%lo',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  '239.255.255.250',
  '239.192.152.143',
  'ff02::1',
  'ff0e::1',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '2001:db8::1',
  '100::1',
];

const privateOnes = ['10.0.0.1', '172.16.3.4', '192.168.0.1', '100.64.0.1', 'fd12:3456::1'];
const publicOnes = ['1.1.1.1', '93.184.216.34', '2606:4700::1111'];

describe('the guard', () => {
  it.each(neverPermitted)('refuses %s for every purpose', address => {
    expect(guard.permits(address, 6881, 'peer')).toBe(false);
    expect(guard.permits(address, 80, 'http')).toBe(false);
  });

  it.each(privateOnes)('lets peers be at %s, and no HTTP', address => {
    expect(guard.permits(address, 6881, 'peer')).toBe(true);
    expect(guard.permits(address, 80, 'http')).toBe(false);
  });

  it.each(publicOnes)('lets both reach %s', address => {
    expect(guard.permits(address, 6881, 'peer')).toBe(true);
    expect(guard.permits(address, 80, 'http')).toBe(true);
  });

  it.each([
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '1.2.3',
    '127.0.0.1.',
    'a.0x7f',
    'a b',
    '',
    '-x',
    'a..b',
    '%31',
    '[::1',
    'é.example',
  ])('takes %j for neither a name nor an address', async host => {
    const trusting = new Guard([], () => Promise.resolve(['93.184.216.34']));
    expect(await trusting.resolve(host, 80, 'peer')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
  });

  it('gives all addresses of a name, if every one of them may be reached', async () => {
    expect(await guard.resolve('public.example', 80, 'http')).toEqual({
      status: NetStatus.OK,
      addresses: [
        { host: '93.184.216.34', family: 4 },
        { host: '2606:2800:220:1::1', family: 6 },
      ],
    });
    expect(await guard.resolve('mixed.example', 80, 'http')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await guard.resolve('lan.example', 80, 'http')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await guard.resolve('lan.example', 80, 'peer')).toMatchObject({ status: NetStatus.OK });
    expect(await guard.resolve('localhost', 80, 'peer')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    expect(await guard.resolve('nowhere.example', 80, 'http')).toMatchObject({ status: NetStatus.NAME_NOT_FOUND });
  });

  it('resolves once, and what it checked is what it gives', async () => {
    let asked = 0;
    const rebinding = new Guard([], () => Promise.resolve([asked++ === 0 ? '93.184.216.34' : '127.0.0.1']));
    expect(await rebinding.resolve('rebind.example', 80, 'http')).toMatchObject({ addresses: [{ host: '93.184.216.34' }] });
    expect(asked).toBe(1);
  });

  it('refuses ports that are none', async () => {
    for (const port of [0, 65536]) {
      expect(await guard.resolve('1.1.1.1', port, 'peer')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
    }
  });

  it.each([22, 25, 53, 6667])(
    'asks nobody over HTTP at port %i, which speaks something else; a peer may be there',
    async port => {
      expect(await guard.resolve('1.1.1.1', port, 'http')).toMatchObject({ status: NetStatus.REFUSED_BY_GUARD });
      expect(await guard.resolve('1.1.1.1', port, 'peer')).toMatchObject({ status: NetStatus.OK });
    },
  );

  it('lets a range through that the configuration allows, and nothing beside it', () => {
    const open = new Guard(['127.0.0.0/8', 'fd00::/8']);
    expect(open.permits('127.0.0.1', 80, 'http')).toBe(true);
    expect(open.permits('fd12::1', 80, 'http')).toBe(true);
    expect(open.permits('::1', 80, 'http')).toBe(false);
    expect(open.permits('::ffff:127.0.0.1', 80, 'http')).toBe(false);
    expect(open.permits('10.0.0.1', 80, 'http')).toBe(false);
    expect(() => new Guard(['127.0.0.0'])).toThrow();
  });

  it('never lets a port of its own be dialled on this machine, whatever is allowed', () => {
    const open = new Guard(['0.0.0.0/0', '::/0']);
    open.own(7000);
    const mine = Object.values(networkInterfaces()).flatMap(list => list?.map(({ address }) => address) ?? []);
    for (const address of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::ffff:127.0.0.1', ...mine]) {
      expect(open.permits(address, 7000, 'peer'), address).toBe(false);
    }
    expect(open.permits('127.0.0.1', 7001, 'peer')).toBe(true);
    open.disown(7000);
    expect(open.permits('127.0.0.1', 7000, 'peer')).toBe(true);
  });
});
