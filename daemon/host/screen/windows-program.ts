/** Programs of Windows, by their whole path: by name it looks first in the current folder, which may be one of downloads. */

export function system32(program: string, env: NodeJS.ProcessEnv): string {
  return `${env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\${program}`;
}

export function powershell(env: NodeJS.ProcessEnv): string {
  return system32('WindowsPowerShell\\v1.0\\powershell.exe', env);
}
