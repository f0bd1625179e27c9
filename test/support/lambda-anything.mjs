/** A Lambda for tests of the client: the real door, and behind it a key that signs anything. */
import { lambdaHandler } from 'fcl-kms/signing-service'
import { createSoftwareSigner } from 'fcl-kms/testing'
// Of the package's own sources: what goes over the wire is no part of its interface.
import { decodeRequest } from '../../src/signers/remote/protocol.ts'
import { encodeAnswer } from '../../src/signers/remote/protocol-replies.ts'

const { ALGORITHM = '', PRIVATE_KEY = '' } = process.env
const privateKey = new Uint8Array(Buffer.from(PRIVATE_KEY, 'hex'))
const signer = createSoftwareSigner({ algorithm: ALGORITHM, privateKey })

async function handle(wire) {
  const request = decodeRequest(wire)
  const { bytes: publicKey, algorithm: signatureAlgorithm } = await signer.publicKey()
  const answer = { key: request.key, publicKey, signatureAlgorithm, requestId: 'anything' }
  const signed = request.operation === 'sign' ? { signature: await signer.sign(request) } : {}
  return { status: 200, body: encodeAnswer({ ...answer, ...signed }) }
}

export const handler = lambdaHandler({
  handle,
  refuse() {
    throw new Error('nothing is refused here')
  },
})
