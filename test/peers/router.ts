/** A home behind a real router: three network namespaces, and Debian's miniupnpd on the one in the middle. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there can be no such home here; empty where there can. */
export function routerMissing(): string {
  if (process.getuid?.() !== 0) return ' (needs root, for network namespaces)';
  const names = ['/usr/sbin/miniupnpd', '/usr/sbin/nft'].filter(path => !existsSync(path));
  return names.length > 0 ? ` (needs ${names.join(', ')})` : '';
}

export interface RouterOptions {
  readonly upnp: boolean;
  /** Both are answered at one port. */
  readonly natPmpAndPcp: boolean;
}

export const HOME_ADDRESS = '10.77.0.2';
/** Addresses of IPv6, where they are asked for. */
export const SIX = { home: '2a02:db8:77::2', lan: '2a02:db8:77::1', router: '2a02:db8:5::1', stranger: '2a02:db8:5::2' };
const LINK = 'fe80::1';
export const PUBLIC = { router: '5.5.5.1', stranger: '5.5.5.2' };
export const PRIVATE = { router: '192.168.7.1', stranger: '192.168.7.2' };
const LAN = '10.77.0.1';

const TABLE = `table inet filter {
  chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "lan0" accept; jump miniupnpd; }
  chain miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; oifname "wan0" masquerade; jump postrouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
table inet old {
  chain input { type filter hook input priority 0; }
}
`;

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

let made = 0;

export class HomeNetwork {
  /** Put before a command, it runs at home, or out on the internet. */
  readonly atHome: readonly string[];
  readonly outside: readonly string[];
  private readonly names: { readonly home: string; readonly router: string; readonly internet: string };
  private readonly folder = mkdtempSync(join(tmpdir(), 'starling-router-'));
  private daemon: ChildProcess | null = null;

  /** `addresses`: on the far side of the router; `six`: with IPv6 as well, whose firewall lets nobody in. */
  constructor(
    addresses = PUBLIC,
    private readonly six = false,
  ) {
    const id = `${process.pid.toString(36)}${(made++).toString(36)}`;
    this.names = { home: `st-h${id}`, router: `st-r${id}`, internet: `st-i${id}` };
    const { home, router, internet } = this.names;
    this.atHome = ['ip', 'netns', 'exec', home];
    this.outside = ['ip', 'netns', 'exec', internet];
    try {
      for (const name of [home, router, internet]) {
        ip('netns', 'add', name);
        ip('-n', name, 'link', 'set', 'lo', 'up');
      }
      connect([home, 'eth0', `${HOME_ADDRESS}/24`], [router, 'lan0', `${LAN}/24`], `h${id}`);
      connect([internet, 'eth0', `${addresses.stranger}/24`], [router, 'wan0', `${addresses.router}/24`], `i${id}`);
      ip('-n', home, 'route', 'add', 'default', 'via', LAN);
      this.onRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1');
      if (six) this.addIpv6();
      writeFileSync(join(this.folder, 'table'), TABLE);
      this.onRouter('nft', '-f', join(this.folder, 'table'));
    } catch (error) {
      void this.remove();
      throw error;
    }
  }

  /** Switches the router's daemon on. */
  async start({ upnp, natPmpAndPcp }: RouterOptions): Promise<void> {
    const config = [
      'ext_ifname=wan0',
      'listening_ip=lan0',
      `enable_upnp=${upnp ? 'yes' : 'no'}`,
      `enable_natpmp=${natPmpAndPcp ? 'yes' : 'no'}`,
      'secure_mode=yes',
      ...(this.six ? [] : ['ipv6_disable=yes']),
      'upnp_table_name=filter',
      'upnp_nat_table_name=filter',
      'uuid=00000000-0000-4000-8000-000000000001',
      'allow 1024-65535 10.77.0.0/24 1024-65535',
      'deny 0-65535 0.0.0.0/0 0-65535',
    ];
    writeFileSync(join(this.folder, 'config'), `${config.join('\n')}\n`);
    const args = [
      'netns',
      'exec',
      this.names.router,
      'miniupnpd',
      '-d',
      '-f',
      join(this.folder, 'config'),
      '-P',
      join(this.folder, 'pid'),
    ];
    const daemon = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.daemon = daemon;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      daemon.once('exit', () => reject(new Error(`miniupnpd ended: ${said}`)));
      daemon.stderr.on('data', (chunk: Buffer) => {
        said = `${said}${chunk.toString()}`.slice(-4000);
        if (/listening on|Listening for/i.test(said)) resolve();
      });
    });
  }

  /** Switches it off as by its plug: it forgets what it was asked. */
  async stop(): Promise<void> {
    const { daemon } = this;
    this.daemon = null;
    if (daemon === null || daemon.exitCode !== null) return;
    const ended = new Promise(resolve => daemon.once('exit', resolve));
    daemon.kill('SIGKILL');
    await ended;
    for (const chain of ['miniupnpd', 'prerouting_miniupnpd', 'postrouting_miniupnpd']) {
      this.onRouter('nft', 'flush', 'chain', 'inet', 'filter', chain);
    }
  }

  /** It drops requests of PCP, as a router that is too old for them may. */
  refusePcp(): void {
    this.onRouter('nft', 'add', 'rule', 'inet', 'old', 'input', 'udp', 'dport', '5351', '@th,64,8', '2', 'drop');
  }

  /** What the router passes on, in its own words. */
  rules(): string {
    return this.onRouter('nft', 'list', 'chain', 'inet', 'filter', 'prerouting_miniupnpd');
  }

  /** Whom its firewall lets through, in its own words. */
  pinholes(): string {
    return this.onRouter('nft', 'list', 'chain', 'inet', 'filter', 'miniupnpd');
  }

  async remove(): Promise<void> {
    await this.stop().catch(() => undefined);
    for (const name of Object.values(this.names)) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was never made, or is gone.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private addIpv6(): void {
    const { home, router, internet } = this.names;
    const add = (name: string, link: string, address: string): void =>
      ip('-n', name, '-6', 'addr', 'add', `${address}/64`, 'dev', link, 'nodad');
    add(home, 'eth0', SIX.home);
    add(router, 'lan0', SIX.lan);
    add(router, 'lan0', LINK);
    add(router, 'wan0', SIX.router);
    add(internet, 'eth0', SIX.stranger);
    ip('-n', home, '-6', 'route', 'add', 'default', 'via', LINK, 'dev', 'eth0');
    ip('-n', internet, '-6', 'route', 'add', 'default', 'via', SIX.router);
    this.onRouter('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
  }

  private onRouter(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.names.router, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

type End = readonly [namespace: string, link: string, address: string];

/** A cable between two namespaces. */
function connect(one: End, other: End, id: string): void {
  ip('link', 'add', `a${id}`, 'type', 'veth', 'peer', 'name', `b${id}`);
  for (const [[name, link, address], end] of [
    [one, `a${id}`],
    [other, `b${id}`],
  ] as const) {
    ip('link', 'set', end, 'netns', name, 'name', link);
    ip('-n', name, 'addr', 'add', address, 'dev', link);
    ip('-n', name, 'link', 'set', link, 'up');
  }
}
