/** Transactions under another signature that is as valid. @module */

import { curves } from '../../src/crypto/algorithms.ts'
import type { Decide, ProxiedRequest } from './fault-proxy.ts'
import { isSend } from './relay-run.ts'

type RestSignature = { signature: string }

/** The same payload under a signature that is as valid: s becomes n − s. Another transaction id. */
function malleate(request: ProxiedRequest): void {
  const body: { envelope_signatures: RestSignature[] } = JSON.parse(request.body.toString())
  for (const entry of body.envelope_signatures) {
    const raw = Buffer.from(entry.signature, 'base64')
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const flipped = (curves.ECDSA_P256.order - s).toString(16).padStart(64, '0')
    entry.signature = Buffer.concat([raw.subarray(0, 32), Buffer.from(flipped, 'hex')]).toString(
      'base64',
    )
  }
  request.body.write(JSON.stringify(body)) // as long as before
}

/** The target gets other signatures in so many sends. */
export const malleateSends =
  (times: number): Decide =>
  (request) => {
    if (isSend(request) && times-- > 0) malleate(request)
    return undefined
  }
