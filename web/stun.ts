const MOST = 8;
const SERVER = /^stun:(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253}):([1-9]\d{0,4})$/;

/** The servers of a text, one a line or with commas between; null where it holds anything else. */
export function readStunServers(text: string): readonly string[] | null {
  const servers = [...new Set(text.split(/[\s,]+/).filter(word => word !== ''))];
  const areGood = servers.every(server => Number(SERVER.exec(server)?.[1] ?? Infinity) <= 65_535);
  return servers.length <= MOST && areGood ? servers : null;
}
