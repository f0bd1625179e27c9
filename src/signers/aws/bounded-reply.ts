/** The SDK reads an answer whole, whatever its length; ours ends at a bound. @module */

/**
 * Bytes. The largest answer asked for here holds one RSA-4096 public key or the description of one
 * key; both stay below 10 kB.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html PublicKey: at most 8,192 bytes
 */
export const MAX_REPLY_BYTES: number = 1_048_576

/** What the SDK's request handlers answer with, as far as it is read here. */
type Handled = { readonly response: unknown }
type Next<Args, Result> = (args: Args) => Promise<Result>

/** A command of the SDK, by shape: there may be two copies of it. */
type Command<Args, Result extends Handled> = {
  readonly middlewareStack: {
    add(
      middleware: (next: Next<Args, Result>) => Next<Args, Result>,
      options: { step: 'deserialize'; priority: 'low'; name: string },
    ): void
  }
}

/**
 * Bounds what is read of the answer to this command. It is the command that carries the step, so
 * that a client of the caller's own stays as it is, and its request handler, too.
 *
 * @returns The same command. Sending it rejects with a `ReplyTooLargeError` past the bound, and the
 * socket is closed.
 */
export function withBoundedReply<Args, Result extends Handled, C extends Command<Args, Result>>(
  command: C & Command<Args, Result>,
): C {
  command.middlewareStack.add(
    (next) => async (args) => {
      const handled = await next(args)
      const { response } = handled
      if (typeof response === 'object' && response !== null && 'body' in response)
        response.body = await bounded(response.body)
      return handled
    },
    // Low is next to the request handler: what reads the answer sees the bytes read here.
    { step: 'deserialize', priority: 'low', name: 'boundedReply' },
  )
  return command
}

/** @param body - A stream of Node.js or of the web; anything else lies in memory already. */
async function bounded(body: unknown): Promise<unknown> {
  if (!isStream(body)) return body
  const chunks: Uint8Array[] = []
  let byteLength = 0
  // To throw in this loop destroys a stream of Node.js and cancels one of the web.
  for await (const chunk of body) {
    byteLength += chunk.byteLength
    if (byteLength > MAX_REPLY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** Of Node.js, or of the web. */
export const isStream = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body

/** Named as the reason that `KMS_UNAVAILABLE` gives. */
function tooLarge(): Error {
  const error = new Error(`the answer is longer than ${MAX_REPLY_BYTES} bytes`)
  error.name = 'ReplyTooLargeError'
  return error
}
