/**
 * What is said to a UPnP Internet Gateway Device and what it answers: SSDP, its description, SOAP. Only what is looked for is
 * read, by its tags: no XML of theirs is ever built into a tree, nor an entity resolved.
 */

/** By what may be asked of them, the best first. */
const SERVICES = [
  'urn:schemas-upnp-org:service:WANIPConnection:2',
  'urn:schemas-upnp-org:service:WANIPConnection:1',
  'urn:schemas-upnp-org:service:WANPPPConnection:1',
] as const;
/** The firewall of IPv6. */
export const PINHOLES = 'urn:schemas-upnp-org:service:WANIPv6FirewallControl:1';
export type ServiceType = (typeof SERVICES)[number] | typeof PINHOLES;

/** What is looked for. */
export const SEARCH_TARGETS = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
] as const;

export interface Service {
  readonly type: ServiceType;
  readonly controlUrl: URL;
}

/** Services of one description that are looked at. */
const MAX_SERVICES = 64;
const MAX_URL = 1024;

export const UpnpError = { NO_SUCH_PINHOLE: 704, NO_SUCH_ENTRY: 714, CONFLICT: 718, ONLY_PERMANENT: 725 } as const;

/** The device is to answer within `seconds`. `group`: where it is asked, with its port. */
export function encodeSearch(target: string, seconds: number, group: string): string {
  const lines = ['M-SEARCH * HTTP/1.1', `HOST: ${group}`, 'MAN: "ssdp:discover"', `MX: ${seconds}`, `ST: ${target}`];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Where the description is, by an answer to a search; null where it is none, or leads to another host than `gateway` (null: to any). */
export function readLocation(text: string, gateway: string | null): URL | null {
  if (!/^HTTP\/1\.[01] 200\b/.test(text)) return null;
  return ownUrl(/^location[ \t]*:[ \t]*(\S{1,1024})[ \t]*$/im.exec(text)?.[1] ?? '', undefined, gateway);
}

/** The services of those types, in their order. What leads to another host than the description's is left out. */
export function readDescription(xml: string, at: URL, types: readonly ServiceType[] = SERVICES): Service[] {
  const base = ownUrl(textOf(xml, 'URLBase') ?? '', undefined, at.hostname) ?? at;
  const services: Service[] = [];
  for (const part of xml.split('<service>').slice(1, MAX_SERVICES + 1)) {
    const [body = ''] = part.split('</service>', 1);
    const type = types.find(known => known === textOf(body, 'serviceType'));
    const controlUrl = ownUrl(textOf(body, 'controlURL') ?? '', base, at.hostname);
    if (type !== undefined && controlUrl !== null) services.push({ type, controlUrl });
  }
  return services.sort((a, b) => types.indexOf(a.type) - types.indexOf(b.type));
}

/** Arguments are ours: they hold nothing that XML would take for its own. */
export function encodeAction(type: ServiceType, action: string, args: Readonly<Record<string, string | number>>): string {
  const inner = Object.entries(args).map(([name, value]) => `<${name}>${value}</${name}>`);
  const envelope =
    'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"';
  return `<?xml version="1.0"?>\r\n<s:Envelope ${envelope}><s:Body><u:${action} xmlns:u="${type}">${inner.join('')}</u:${action}></s:Body></s:Envelope>\r\n`;
}

/** The text of the first element of that name; null where there is none. Takes time in proportion to the text. */
export function textOf(xml: string, name: string): string | null {
  const found = new RegExp(`<(?:[\\w-]{1,20}:)?${name}(?:\\s[^<>]*)?>([^<]*)</`).exec(xml)?.[1];
  return found === undefined ? null : unescaped(found.trim());
}

/** The code of a UPnP error; 0 where the answer names none. */
export function errorCodeOf(xml: string): number {
  const code = textOf(xml, 'errorCode');
  return code !== null && /^\d{1,5}$/.test(code) ? Number(code) : 0;
}

function ownUrl(text: string, base: URL | undefined, host: string | null): URL | null {
  if (text === '' || text.length > MAX_URL || !URL.canParse(text, base?.href)) return null;
  const url = new URL(text, base);
  const isOwn =
    url.protocol === 'http:' &&
    (host === null || url.hostname === host) &&
    url.username === '' &&
    url.password === '' &&
    url.port !== '0';
  return isOwn ? url : null;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
}
