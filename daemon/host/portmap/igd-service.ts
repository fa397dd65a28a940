/** Has a service of a UPnP device do something. */
import { encodeAction, errorCodeOf, type Service } from './igd-codec.ts';
import { askOverHttp } from './igd-http.ts';
import { type Network, RouterError } from './router.ts';

export type Arguments = Readonly<Record<string, string | number>>;

/** The device refused an action with a code of UPnP. */
export class ActionError extends RouterError {
  readonly code: number;

  constructor(code: number) {
    super('refused', code === 0 ? 'It refused.' : `It refused with code ${code}.`);
    this.code = code;
  }
}

/** Its answer. @throws {RouterError} where there is none, {@link ActionError} where it refuses */
export async function act(network: Network, { type, controlUrl }: Service, action: string, args: Arguments): Promise<string> {
  const body = encodeAction(type, action, args);
  const answer = await askOverHttp(controlUrl, network, { name: `${type}#${action}`, body });
  if (answer.status !== 200) throw new ActionError(errorCodeOf(answer.body));
  return answer.body;
}
