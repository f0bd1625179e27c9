/** Files and stdin, which may be anything, without an end too. @module */

import { constants, createReadStream, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { abortable } from '../deadline.ts'
import { isSignerError, type SignerError } from '../errors.ts'
import type { Context } from './command.ts'
import { usage } from './values.ts'

/** How much is read, and what is told of more. */
export type InputLimit = { readonly maxBytes: number; readonly tooLarge: () => SignerError }

/**
 * Ends with the signal, also while nothing comes.
 *
 * @param file - - is stdin.
 * @throws {SignerError} `INVALID_OPTION` with the option, and what the limit says.
 */
export async function readBytes(
  { stdin, signal }: Context,
  option: string,
  file: string,
  { maxBytes, tooLarge }: InputLimit,
): Promise<Buffer> {
  const read = async () => {
    const chunks: Buffer[] = []
    let byteLength = 0
    const input = file === '-' ? stdin : await openFile(file, signal)
    for await (const chunk of input) {
      chunks.push(Buffer.from(chunk))
      byteLength += chunk.length
      if (byteLength > maxBytes) throw tooLarge()
    }
    return Buffer.concat(chunks)
  }
  return abortable(read(), signal).catch((thrown) => {
    throw isSignerError(thrown) || signal.aborted ? thrown : fileError(option, 'read', thrown)
  })
}

/** To open a pipe that nobody writes to would wait for a writer, where no signal ends it. */
async function openFile(file: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  if (!(await stat(file)).isFIFO()) return createReadStream(file, { signal })
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false, signal })
}

/** As `readBytes`, of a file in UTF-8. */
export async function readInput(
  context: Context,
  option: string,
  file: string,
  limit: InputLimit,
): Promise<{ readonly text: string; readonly bytes: Uint8Array }> {
  const bytes = await readBytes(context, option, file, limit)
  try {
    return { bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    throw usage(option, 'the file is not UTF-8')
  }
}

/** @param verb - What was tried: read, written. */
export function fileError(option: string, verb: string, thrown: unknown): SignerError {
  const { code = 'unknown' }: { code?: unknown } =
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  return usage(option, `the file cannot be ${verb} (${String(code)})`)
}
