/** The PIN on its way through this process: a function gives it, and no copy of ours is left. @module */

import { abortable, withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { PinWay } from './protocol.ts'
import { type Pkcs11Uri, showPkcs11Uri } from './uri.ts'

/**
 * Gives the PIN, at each start of the module's process: what stands before the first line feed. Bytes are overwritten as soon as they were
 * handed over; a text stays in memory until the garbage collector has used its place again.
 */
export type PinFunction = () => Uint8Array | string | Promise<Uint8Array | string>

/** @see src/signers/pkcs11/process/pin.ts for the same bound in a file */
const MAX_BYTES = 512

/** How the PIN gets to the other process; `bytes` are for its standard input. */
export type PinOnItsWay = { readonly way: PinWay; readonly bytes?: Uint8Array }

/** @throws {SignerError} `PKCS11_PIN_MISSING` when the function gives none, or not in time; its own one. */
export async function fetchPin(
  uri: Pkcs11Uri,
  give: PinFunction | undefined,
  timeoutMs: number,
): Promise<PinOnItsWay> {
  if (uri.pinFile !== undefined) return { way: { from: 'file', path: uri.pinFile } }
  const ask = give ?? (uri.pinValue === undefined ? undefined : () => uri.pinValue)
  if (ask === undefined) return { way: { from: 'nowhere' } }
  const missing = (reason: string) =>
    new SignerError('PKCS11_PIN_MISSING', {
      token: showPkcs11Uri({ token: uri.token, key: {} }),
      reason,
    })
  const onTimeout = () => missing('the function pin did not give one in time')
  const given = await withDeadline({ timeoutMs, onTimeout }, async (signal) => {
    // An error that is not ours is left out, even as a cause: it may quote the PIN.
    const asked = (async () => ask())().catch((thrown: unknown) => {
      throw isSignerError(thrown) ? thrown : missing('the function pin failed')
    })
    return abortable(asked, signal)
  })
  const whole = typeof given === 'string' ? Buffer.from(given) : given
  if (!(whole instanceof Uint8Array)) throw missing('the function pin gave neither text nor bytes')
  const bytes = whole.subarray(0, lineLength(whole))
  if (bytes.length === 0 || bytes.length > MAX_BYTES)
    throw missing(`the first line of what the function pin gave is not 1 to ${MAX_BYTES} bytes`)
  return { way: { from: 'input', byteLength: bytes.length }, bytes }
}

/** A file that is read whole ends with a line feed, which belongs to no PIN. */
function lineLength(bytes: Uint8Array): number {
  const end = bytes.findIndex((byte) => byte === 10 || byte === 13)
  return end < 0 ? bytes.length : end
}

/** Once for each URI object, when it holds the PIN itself. */
export function warnOfPinInUri(uri: Pkcs11Uri): void {
  if (uri.pinValue === undefined) return
  process.emitWarning(
    'The PKCS#11 URI holds its PIN in clear: it is in the memory of this process, and wherever the URI is kept. Use pin-source, or the option pin.',
    { code: 'FCL_KMS_PKCS11_PIN_IN_URI' },
  )
}

/** @param path - Of the file. */
export function warnOfOpenPinFile(path: string): void {
  process.emitWarning(
    `Every user of this machine may read the file of the PKCS#11 PIN, ${path}. Take that right away with chmod o-rwx.`,
    { code: 'FCL_KMS_PKCS11_PIN_FILE_OPEN' },
  )
}
