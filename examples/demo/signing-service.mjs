/** The second key in other hands: a service that reads each transaction before it signs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KmsAuthorizer } from 'fcl-kms'
import { envelopeMessage, hashMessage } from 'fcl-kms/crypto'
import { createPolicy } from 'fcl-kms/policy'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'
import { createRemoteSigner } from 'fcl-kms/signers/remote'
import { createMemoryLedger, createSigningService, listen } from 'fcl-kms/signing-service'

const mintParameters = [
  'String',
  'Address',
  'String',
  'String',
  'String',
  'String?',
  'String?',
  'UInt64?',
  'UInt64?',
  '{String: String}',
  '{Address: UFix64}',
]

/**
 * Mints with minter-a from here and minter-b from a service behind a Unix socket, which allows this
 * mint alone; then asks it to sign another script and a digest.
 */
export async function mintBehindService({ kms, minter, ledger, cadence, args, another }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-demo-'))
  const service = createSigningService({
    keys: {
      'minter-b': {
        signer: createAwsKmsSigner({ client: kms, keyId: 'alias/minter-b' }),
        accounts: [minter],
        envelope: true,
      },
    },
    policy: createPolicy({
      chainId: 'flow-emulator',
      accounts: [minter],
      scripts: [{ name: 'mint', cadence, parameters: mintParameters, maxComputeLimit: 9_999 }],
    }),
    ledger: createMemoryLedger(),
  })
  const door = await listen(service, { socketPath: join(folder, 'sign.sock') })
  try {
    const remote = createRemoteSigner({ socketPath: door.address, key: 'minter-b' })
    const authorizer = KmsAuthorizer.fromSigners(
      [createAwsKmsSigner({ client: kms, keyId: 'alias/minter-a' }), remote],
      { onSign: ledger.noteSignature },
    )
    const authz = authorizer.authorize(minter)
    await ledger.mutate('mint by a service', { cadence, args, authz })
    const message = envelopeMessage({
      cadence: another,
      arguments: [],
      referenceBlockId: new Uint8Array(32).fill(1),
      computeLimit: 100,
      proposalKey: { address: minter, keyIndex: 1, sequenceNumber: 7n },
      payer: minter,
      authorizers: [minter],
      payloadSignatures: [],
      envelopeSignatures: [],
    })
    await refused('another script', remote, message, 'POLICY_REFUSED')
    await refused('a bare digest', remote, hashMessage(message, 'SHA3_256'), 'MALFORMED_MESSAGE')
  } finally {
    await door.close()
    rmSync(folder, { recursive: true })
  }
}

/** Asks the signer of the service, past every check on this side. */
async function refused(what, signer, message, expected) {
  const { serviceCode = 'signed', reason } = await signer
    .sign({ message, hashAlgorithm: 'SHA3_256' })
    .then(
      () => ({}),
      (error) => error.context ?? {},
    )
  if (serviceCode !== expected) throw new Error(`${what}: ${serviceCode}, not ${expected}`)
  console.log(`  ${what.padEnd(20)} not signed: ${serviceCode}, ${reason}`)
}
