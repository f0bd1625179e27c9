/** Errors to one sentence, a code and an exit code. @module */

import type { SignerErrorCode } from '../error-codes.ts'
import { isSignerError } from '../errors.ts'
import { exitCodes } from './command.ts'
import { json, printable } from './text.ts'

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
    : { stdout: '', stderr: `fcl-kms: ${printable(message)}\n${trace}`, exitCode }
}

/**
 * A key may have been made whose ARN nobody has seen: that is no success.
 *
 * @param code - As the system calls it, for example `ENOSPC`, or `EPIPE` when the reader is gone.
 * @param stderr - What else was to be told.
 */
export function describeLostOutput(code: string, stderr: string): Omit<Failure, 'stdout'> {
  const text =
    'The output could not be written and is lost; what the command did is done. Run it with another output.'
  const told = `fcl-kms: ${text} (code: ${code}) [OUTPUT_LOST]\n`
  return { stderr: `${stderr}${told}`, exitCode: exitCodes.failed }
}

/** @returns For example `ENOSPC`; never the text, which quotes a path. */
export function codeOfSystem(error: Error): string {
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code.replace(/\W/g, '').slice(0, 64) : 'unknown'
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
  return lines.map((line) => `${printable(line)}\n`).join('')
}
