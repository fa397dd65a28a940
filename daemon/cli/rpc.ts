/** `starling rpc`: downloads and seeds without a browser, for a program that speaks JSON-RPC on stdin and stdout. */
import ipaddr from 'ipaddr.js';
import { type Listen, runRpc } from '../host/rpc/program.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { UsageError } from './errors.ts';
import { defaultHome, homeOf } from '../link/home.ts';

export const command: Command = {
  help: `Usage: starling rpc [options]

Runs Starling without a browser, for a program that speaks JSON-RPC 2.0 to it: one JSON object a line, requests on stdin, answers and
notifications on stdout. docs/RPC.md lists the methods. It ends when stdin does, or when it is told to.

Options:
  --home DIR          keep settings and state here (default: ${defaultHome()})
  --download-dir DIR  put downloads here (kept for later starts; default: your downloads folder)
  --listen HOST:PORT  where peers reach it, IPv6 in brackets (default: any address, the first free port from 6881); with an address of
                      this computer as HOST nothing but that address is used
`,
  async run(args, { folder }) {
    const { values, positionals } = parseOptions(args, {
      home: { type: 'string' },
      'download-dir': { type: 'string' },
      listen: { type: 'string' },
    });
    if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`);
    await runRpc({
      home: homeOf(values.home),
      downloadDir: values['download-dir'] ?? null,
      listen: values.listen === undefined ? null : parseListen(values.listen),
      folder,
      input: process.stdin,
      output: process.stdout,
      say: text => console.error(text),
    });
    return 0;
  },
};

const ALL: ReadonlySet<string> = new Set(['', '*', '0.0.0.0', '::']);

/** Reads `HOST:PORT`, HOST an IP address, in brackets where it is one of IPv6, or what stands for all. @throws {UsageError} */
export function parseListen(text: string): Listen {
  const [, inBrackets, bare = '', digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = inBrackets ?? bare;
  const isAddress = inBrackets === undefined ? ipaddr.IPv4.isValidFourPartDecimal(host) : ipaddr.IPv6.isValid(host);
  if (digits === undefined || Number(digits) > 65_535 || !(ALL.has(host) || isAddress)) {
    throw new UsageError(`Not an address and a port, as 192.0.2.1:6881 or [2001:db8::1]:6881: '${text}'`);
  }
  return { address: ALL.has(host) ? '' : host, port: Number(digits) };
}
