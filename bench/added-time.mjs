/** Time that a library adds to a raw `SignCommand` on the same endpoint. @module */
import { randomBytes } from 'node:crypto'
import { KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { KmsAuthorizer as PeerAuthorizer } from 'fcl-kms-authorizer'
import { importFromRoot } from './own-package.mjs'
import { interleave, median } from './statistics.mjs'

const { createAwsKmsSigner } = await importFromRoot('fcl-kms/signers/aws-kms')
const { createKey } = await importFromRoot('fcl-kms/provisioning')
const { bytesToHex, hashMessage, hexToBytes, importPublicKey, verifySignature } =
  await importFromRoot('fcl-kms/crypto')

/** A multiple of the six orders of three contestants. */
const ROUNDS = 480
const WARM_UP = 90
/** Bytes of a transaction with a script of some length. */
const MESSAGE_BYTES = 1_500

/**
 * @param kmsConfig Of the endpoint itself: no proxy is in the way.
 * @returns By curve: the medians in milliseconds, and those of the differences in each round.
 */
export async function measureAddedTime(kmsConfig, signal) {
  return {
    rounds: ROUNDS,
    secp256k1: await measureCurve(kmsConfig, 'ECC_SECG_P256K1', signal),
    p256: await measureCurve(kmsConfig, 'ECC_NIST_P256', signal),
  }
}

async function measureCurve(kmsConfig, spec, signal) {
  const client = new KMSClient(kmsConfig)
  const { keyId, publicKey, signatureAlgorithm } = await createKey({ client, spec })
  const signer = createAwsKmsSigner({ client, keyId })
  const peer = new PeerAuthorizer(kmsConfig, keyId).getSigner()
  const message = new Uint8Array(randomBytes(MESSAGE_BYTES))
  const messageHex = bytesToHex(message)
  const command = {
    KeyId: keyId,
    Message: hashMessage(message, 'SHA3_256'),
    MessageType: 'DIGEST',
    SigningAlgorithm: 'ECDSA_SHA_256',
  }
  const request = { message, hashAlgorithm: 'SHA3_256' }
  const options = { rounds: ROUNDS, warmUp: WARM_UP, signal }
  const times = await interleave(
    {
      ours: () => signer.sign(request),
      peer: () => peer.sign(messageHex),
      bare: () => client.send(new SignCommand(command)),
    },
    options,
  )
  const signature = await signer.sign(request)
  const key = importPublicKey(hexToBytes(publicKey), signatureAlgorithm)
  const { verify } = await interleave(
    { verify: () => verifySignature(key, message, 'SHA3_256', signature) },
    options,
  )
  client.destroy()
  const added = (name) => median(times[name].map((time, round) => time - times.bare[round]))
  return {
    medianMs: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
    addedMs: { ours: added('ours'), peer: added('peer') },
    verifyMs: median(verify),
  }
}
