/**
 * Signs with a key of a token, as an application does with the built package: `uri`, the file that a function reads the PIN
 * from (or `-`), then `go` or `stay`. Says `signed`, and with `stay` signs again for each line that it
 * is told, until it is ended. @module
 */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createPkcs11Signer } from '../../dist/signers/pkcs11/index.js'

const [uri, pinFile, mode] = process.argv.slice(2)
const signer = createPkcs11Signer({
  uri,
  ...(pinFile === '-' ? {} : { pin: () => readFileSync(pinFile) }),
  callTimeoutMs: 60_000,
  totalTimeoutMs: 120_000,
})
const sign = async () => {
  const signature = await signer.sign({ message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' })
  console.log(signature.length === 64 ? 'signed' : 'not signed')
}
await sign()
// Neither the token nor its process keeps this one alive, and nobody closes them.
if (mode === 'stay') createInterface({ input: process.stdin }).on('line', sign)
