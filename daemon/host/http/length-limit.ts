/** How long a request may be, by what it says itself; Node.js takes no more of it than that. */
import type { MiddlewareHandler } from 'hono';

/** `tooLong`: a sentence for people. One that does not say how long its body is is refused as well. */
export function lengthLimit(most: number, tooLong: string): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.header('transfer-encoding') !== undefined) {
      return c.json({ message: 'A request has to say how long it is, by Content-Length.' }, 411);
    }
    // Without either there is no body (RFC 9112, 6.3).
    if (Number(c.req.header('content-length') ?? 0) > most) return c.json({ message: tooLong }, 413);
    await next();
    return;
  };
}
