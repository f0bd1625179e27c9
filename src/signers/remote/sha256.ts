/** SHA-256 by node:crypto, as the AWS SDK asks for it. @module */

import { createHash, createHmac } from 'node:crypto'

type Bytes = string | ArrayBuffer | ArrayBufferView

function bytesOf(data: Bytes): string | Uint8Array {
  if (typeof data === 'string') return data
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

type Sha256 = {
  readonly update: (data: Bytes) => void
  readonly digest: () => Promise<Uint8Array>
  readonly reset: () => void
}

/** @param secret - Makes it an HMAC. */
function sha256(secret?: Bytes): Sha256 {
  const make = () =>
    secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  let hash = make()
  return {
    update(data) {
      hash.update(bytesOf(data))
    },
    digest: async () => new Uint8Array(hash.digest()),
    reset() {
      hash = make()
    },
  }
}

/** `new` of a function that returns an object gives that object. */
export const nodeSha256 = sha256 as unknown as new (secret?: Bytes) => Sha256
