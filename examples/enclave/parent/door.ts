/** Who is let in: this machine alone or, by TLS with files of systemd, whoever has a certificate. @module */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignerError } from 'fcl-kms'
import type { ListenOptions } from 'fcl-kms/signing-service'

/** `LoadCredential=` of these names; the last is the authority of the clients. */
const [CERTIFICATE, KEY, CLIENTS] = ['door.crt', 'door.key', 'clients.crt']

/**
 * @param folder - In which systemd lays credentials; undefined where it has none.
 * @returns Loopback and plain HTTP without the files; every address, and clients that `clients.crt` has
 *   signed alone, with all three. There is no door for the network that anybody could knock at.
 * @throws {SignerError} `INVALID_OPTION` where only some are there, or one cannot be read.
 */
export async function placeOfDoor(
  folder: string | undefined,
  port: number,
): Promise<ListenOptions> {
  const [cert, key, ca] = await Promise.all(
    [CERTIFICATE, KEY, CLIENTS].map((name) => readCredential(folder, name)),
  )
  if (cert === undefined && key === undefined && ca === undefined) return { port }
  if (cert !== undefined && key !== undefined && ca !== undefined)
    return { port, host: '0.0.0.0', tls: { cert, key, ca } }
  throw invalid(
    `some of ${CERTIFICATE}, ${KEY} and ${CLIENTS} are missing: load all three, or none`,
  )
}

async function readCredential(
  folder: string | undefined,
  name: string,
): Promise<string | undefined> {
  if (folder === undefined) return undefined
  try {
    return await readFile(join(folder, name), 'utf8')
  } catch (thrown) {
    const { code = 'OTHER' } = thrown as NodeJS.ErrnoException // as Node.js has it for files
    if (code === 'ENOENT') return undefined
    throw invalid(`${name} cannot be read (${code}): load it with LoadCredential`)
  }
}

const invalid = (reason: string) =>
  new SignerError('INVALID_OPTION', { option: 'CREDENTIALS_DIRECTORY', reason })
