/** What one writes by hand: FCL's own fetching and a bare `SignCommand`, for one key. @module */
import { SignCommand } from '@aws-sdk/client-kms'
import { importFromRoot } from './own-package.mjs'

const { bytesToHex, derToRaw, hashMessage, hexToBytes } = await importFromRoot('fcl-kms/crypto')

/**
 * @param {import('@aws-sdk/client-kms').KMSClient} client
 * @param {string} keyId a secp256k1 key that is on the account at index 0, with SHA3-256
 * @param {string} address
 * @returns an authorization function for `fcl.mutate`, for all roles
 */
export function bareAuthorization(client, keyId, address) {
  const addr = address.replace(/^0x/, '')
  const signingFunction = async ({ message }) => {
    const { Signature } = await client.send(
      new SignCommand({
        KeyId: keyId,
        Message: hashMessage(hexToBytes(message), 'SHA3_256'),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    )
    return { addr, keyId: 0, signature: bytesToHex(derToRaw(Signature, 'ECDSA_secp256k1')) }
  }
  return async (account) => ({ ...account, tempId: `${addr}-0`, addr, keyId: 0, signingFunction })
}
