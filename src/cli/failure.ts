/** Errors to one sentence, a code and an exit code. @module */

import type { SignerErrorCode } from '../error-codes.ts'
import { isSignerError } from '../errors.ts'
import { exitCodes } from './command.ts'
import { json } from './text.ts'

/** Codes that say that the arguments are wrong, not the world. */
const usageCodes: ReadonlySet<SignerErrorCode> = new Set<SignerErrorCode>([
  'INVALID_OPTION',
  'INVALID_ADDRESS',
  'INVALID_KEY_INDEX',
  'INVALID_KEY_ID',
  'INVALID_WEIGHT',
  'MALFORMED_HEX',
  'MALFORMED_PUBLIC_KEY',
  'ACCESS_NODE_NOT_SET',
  'AWS_REGION_INVALID',
])

/** What to print where, and how to end. */
export type Failure = {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/**
 * The text of an error that is not ours is not shown: nobody has checked it for secrets.
 *
 * @param options - `debug`: show where it was thrown.
 */
export function describeFailure(
  thrown: unknown,
  options: { readonly json: boolean; readonly debug: boolean; readonly interrupted: boolean },
): Failure {
  const { code, message, context } = factsOf(thrown, options.interrupted)
  const exitCode = options.interrupted
    ? exitCodes.interrupted
    : isSignerError(thrown) && usageCodes.has(thrown.code)
      ? exitCodes.usage
      : exitCodes.failed
  const stack = thrown instanceof Error ? stackLines(thrown) : ''
  const trace = options.debug ? stack : ''
  return options.json
    ? { stdout: `${json({ error: { code, message, context } })}\n`, stderr: trace, exitCode }
    : { stdout: '', stderr: `fcl-kms: ${message}\n${trace}`, exitCode }
}

function factsOf(thrown: unknown, interrupted: boolean) {
  if (isSignerError(thrown)) {
    const { code, message, context } = thrown
    return { code, message: message.replace(/\s+/g, ' '), context }
  }
  if (interrupted)
    return { code: 'INTERRUPTED', message: 'Interrupted. [INTERRUPTED]', context: {} }
  const name = thrown instanceof Error ? thrown.name.replace(/\W/g, '').slice(0, 64) : 'unknown'
  const message = `An unexpected error. Set FCL_KMS_DEBUG=1 to see where, and report it. (name: ${name}) [UNEXPECTED]`
  return { code: 'UNEXPECTED', message, context: { name } }
}

/** Only the places, not the text above them. */
function stackLines({ stack = '' }: Error): string {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return lines.map((line) => `${line}\n`).join('')
}
