/** Trusted Types, where the browser has them: the page's policy lets a script be loaded from nowhere but here. */
interface Policy {
  createScriptURL(url: string): unknown;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

/** The one policy that the host's Content-Security-Policy names. */
const NAME = 'starling';

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy = factory?.createPolicy(NAME, { createScriptURL: ownOnly });

function ownOnly(url: string): string {
  if (new URL(url, location.href).origin !== location.origin) throw new TypeError(`Not a script of ours: ${url}`);
  return url;
}

/** The address of a script of the app itself, as a worker's constructor or registration takes it. */
export function scriptUrl(url: string): string {
  // What a policy makes is no string, but stands wherever the platform asks for this one.
  return (policy?.createScriptURL(url) ?? ownOnly(url)) as string;
}
