/** Whether somebody sits in front of this computer. */

/** Values of `CI` that say there is none. Whatever else it is set to, nobody sits in front. */
const NO_CI: readonly string[] = ['', '0', 'false'];

/** Whether a browser can be opened here at all. */
export function hasScreen(env: NodeJS.ProcessEnv): boolean {
  if (!NO_CI.includes(env['CI'] ?? '')) return false;
  return process.platform !== 'linux' || Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY']);
}
