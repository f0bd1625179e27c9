/** Checks that every public function makes of its options. @module */

import { SignerError } from './errors.ts'

/**
 * A misspelt option would silently mean its default; refuse it instead.
 *
 * @throws {SignerError} `INVALID_OPTION` for anything but an object with these keys.
 */
export function assertKnownKeys(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new SignerError('INVALID_OPTION', { option: 'options', reason: 'it is not an object' })
  for (const option of Object.keys(options))
    if (!known.includes(option))
      throw new SignerError('INVALID_OPTION', {
        option,
        reason: `it is unknown; known are ${known.join(', ')}`,
      })
}

/**
 * @param value - Milliseconds.
 * @throws {SignerError} `INVALID_OPTION` for anything but a whole number of 1 to 3,600,000.
 */
export function assertTimeout(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 3_600_000)
    throw new SignerError('INVALID_OPTION', {
      option,
      reason: 'it is not a whole number of milliseconds from 1 to 3600000',
    })
}

/** @throws {SignerError} `INVALID_OPTION` for anything but nothing or a signal, of whichever copy. */
export function assertSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) return
  throw new SignerError('INVALID_OPTION', { option: 'signal', reason: 'it is not an AbortSignal' })
}

/** @throws {SignerError} `INVALID_OPTION` unless the value is an http or https URL without credentials. */
export function assertHttpUrl(option: string, value: string): void {
  const reason = typeof value === 'string' ? faultOfUrl(value) : 'it is not a text'
  if (reason !== undefined) throw new SignerError('INVALID_OPTION', { option, reason })
}

function faultOfUrl(value: string): string | undefined {
  // The parser of URLs drops some of them; what is asked later has them still.
  if (/[\s\p{Cc}]/u.test(value)) return 'it holds a space or a line break: take that out'
  if (!value.includes('://') && /^[\w.-]+(:\d+)?(\/|$)/.test(value))
    return `it has no scheme: write https:// or http:// before the host${ofGrpc(value)}`
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'it is not an http or https URL'
  if (url.username !== '' || url.password !== '') return 'it holds credentials'
  return undefined
}

/** What a flow.json has under `networks`. */
const ofGrpc = (value: string) =>
  /:(9000|3569)(\/|$)/.test(value)
    ? '; its port is that of gRPC: take the REST endpoint, such as https://rest-testnet.onflow.org or http://127.0.0.1:8888'
    : ''

/** An `INVALID_OPTION`; the reason must not quote the value. */
export const invalid = (option: string, reason: string): SignerError =>
  new SignerError('INVALID_OPTION', { option, reason })
