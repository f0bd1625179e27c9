/** One account of weighted keys, each in another vault: any two sign, by the same code. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { bytesToHex } from '../../src/crypto/index.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import { createPolicy } from '../../src/policy/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createPkcs11Token, type Pkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { createFileKeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import type { Signer } from '../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createSigningService, listen, type ServiceDoor } from '../../src/signing-service/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm } from '../support/softhsm.ts'

const vaults = ['software', 'AWS KMS', 'sealed key', 'PKCS#11', 'remote'] as const
type Vault = (typeof vaults)[number]
const pairs = vaults.flatMap((one, index) =>
  vaults.slice(index + 1).map((other): [Vault, Vault] => [one, other]),
)

describePkcs11()('an account of five keys of 500, each in another vault', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-vaults-'))
  let chain: FlowChain
  let kms: TestKms
  let hsm: SoftHsm
  let token: Pkcs11Token
  let door: ServiceDoor
  let signers: Readonly<Record<Vault, Signer>>
  let address: string

  beforeAll(async () => {
    hsm = makeSoftHsm()
    ;[chain, kms] = await Promise.all([startChain(), startKms()])
    token = createPkcs11Token({ uri: hsm.addToken('vaults').uri(), env: hsm.env })
    await token.createKey({ label: 'mint', algorithm: 'ECDSA_P256' })
    const wrapping = await kms.client.send(new CreateKeyCommand({}))
    const sealed = createSealedKeys({
      kms: kms.client,
      keyId: wrapping.KeyMetadata?.Arn ?? '',
      store: await createFileKeyStore({ folder: join(folder, 'wallets') }),
    })
    await sealed.create('mint', { algorithm: 'ECDSA_secp256k1' })
    const kmsSigner = async () =>
      createAwsKmsSigner({ client: kms.client, keyId: await kms.createKey() })
    const behind = await kmsSigner()
    const socketPath = join(folder, 'sign')
    signers = {
      software: createSoftwareSigner({ algorithm: 'ECDSA_P256' }),
      'AWS KMS': await kmsSigner(),
      'sealed key': sealed.signer('mint'),
      'PKCS#11': token.signer({ label: 'mint' }),
      remote: createRemoteSigner({
        socketPath,
        key: 'mint',
        publicKey: bytesToHex((await behind.publicKey()).bytes),
      }),
    }
    const keys = vaults.map((vault) => ({
      signer: vault === 'remote' ? behind : signers[vault],
      weight: 500,
    }))
    address = await chain.createAccount(keys)
    const service = createSigningService({
      keys: { mint: { signer: behind, accounts: [address], payload: true, envelope: true } },
      policy: createPolicy({
        chainId: 'flow-emulator',
        accounts: [address],
        scripts: [{ name: 'noop', cadence: noop, parameters: [], maxComputeLimit: 100 }],
      }),
    })
    door = await listen(service, { socketPath })
  })
  afterAll(async () => {
    await door?.close()
    await token?.close()
    await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
    hsm?.[Symbol.dispose]()
    rmSync(folder, { recursive: true })
  })

  it.each(pairs)('is signed for by %s and %s', async (one, other) => {
    const two = [signers[one], signers[other]]
    const authz = KmsAuthorizer.fromSigners(two, { accessNode: chain.url }).authorize(address)
    const { errorCodes } = await chain.send({ cadence: noop, authz, limit: 100 })
    expect(errorCodes).toEqual([])
  })

  it.each(vaults)('is not signed for by %s alone', async (vault) => {
    const authorizer = KmsAuthorizer.fromSigners(signers[vault], { accessNode: chain.url })
    const authz = authorizer.authorize(address)
    await expect(chain.send({ cadence: noop, authz, limit: 100 })).rejects.toMatchObject({
      code: 'WEIGHT_TOO_LOW',
    })
  })
})
