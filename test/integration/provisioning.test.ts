import { DisableKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
import { hexToBytes } from '../../src/crypto/index.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  accountKeyOf,
  createAccount,
  createKey,
  describeKey,
  diagnose,
  emulatorPayer,
  emulatorServicePrivateKey,
  showAccount,
} from '../../src/provisioning/index.ts'
import type { Signer } from '../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'

let flow: Emulator
let aws: Aws
let client: KMSClient

beforeAll(async () => {
  // Without a storage limit an account can pay before anybody has sent it FLOW.
  const starting = startEmulator({ blockTimeMs: 50, extraFlags: ['--storage-limit=false'] })
  ;[flow, aws] = await Promise.all([starting, startAws()])
  client = new KMSClient(aws.clientConfig())
})

afterAll(async () => {
  client?.destroy()
  await Promise.all([flow?.stop(), aws?.stop()])
})

const refusal = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })
const payer = () => emulatorPayer({ accessNode: flow.url })

describe('an account of KMS keys', () => {
  it('is made with two keys in two algorithms, and pays for the next one itself', async () => {
    const [one, two] = await Promise.all([
      createKey({ client, alias: 'alias/one' }),
      createKey({ client, spec: 'ECC_NIST_P256', multiRegion: true }),
    ])
    const keys = await Promise.all([
      accountKeyOf({ client, keyId: 'alias/one', weight: 500, hashAlgorithm: 'SHA2_256' }),
      accountKeyOf({ client, keyId: two.keyArn, weight: 500 }),
    ])
    const options = { accessNode: flow.url, client, keys, chainId: 'flow-emulator' }
    const first = await createAccount({ ...options, payer: await payer() })
    expect(first.warnings).toEqual([])

    const authorizer = new KmsAuthorizer(client, [one.keyId, two.keyId], { accessNode: flow.url })
    const account = await showAccount({ accessNode: flow.url, address: first.address, authorizer })
    expect(account).toMatchObject({
      totalWeightHeld: 1000,
      canAuthorize: true,
      keys: [
        {
          publicKey: one.publicKey,
          signatureAlgorithm: 'ECDSA_secp256k1',
          hashAlgorithm: 'SHA2_256',
          weight: 500,
          heldBy: one.keyId,
        },
        {
          publicKey: two.publicKey,
          signatureAlgorithm: 'ECDSA_P256',
          hashAlgorithm: 'SHA3_256',
          weight: 500,
          heldBy: two.keyId,
        },
      ],
    })

    const second = await createAccount({
      ...options,
      payer: { authorizer, address: first.address },
    })
    expect(second.address).not.toBe(first.address)

    const { uses } = await describeKey({ client, keyId: 'alias/one', accessNode: flow.url })
    const addresses = uses.map(({ address, verified }) => [address, verified])
    expect(addresses.sort()).toEqual([first.address, second.address].sort().map((a) => [a, true]))

    const one500 = { accessNode: flow.url, address: first.address, client, keyIds: ['alias/one'] }
    const statuses = (await diagnose(one500)).map(({ check, status }) => `${check}: ${status}`)
    expect(statuses).toContain('sign permission: ok')
    expect(statuses).toContain('clock: ok')
    expect(statuses).toContain('account key: ok')
    expect(statuses).toContain('weight: problem')

    const alone = new KmsAuthorizer(client, one.keyId, { accessNode: flow.url })
    const poor = { authorizer: alone, address: first.address }
    await expect(createAccount({ ...options, payer: poor })).rejects.toEqual(
      refusal('WEIGHT_TOO_LOW', { weight: 500 }),
    )
    const stranger = new KmsAuthorizer(client, (await createKey({ client })).keyId, {
      accessNode: flow.url,
    })
    const none = { authorizer: stranger, address: first.address }
    await expect(createAccount({ ...options, payer: none })).rejects.toEqual(refusal('NO_KEY_HELD'))
  })

  it('is not there when another transaction of the payer came first, which is certain', async () => {
    const accessNode = flow.url
    const keys = async () => {
      const { keyId } = await createKey({ client })
      return [await accountKeyOf({ client, keyId, weight: 1000 })]
    }
    const [ours, theirs] = [await keys(), await keys()]
    const privateKey = hexToBytes(emulatorServicePrivateKey, 'key')
    const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
    const late: Signer = {
      ...signer,
      async sign(request) {
        await createAccount({ accessNode, payer: await payer(), keys: theirs })
        return signer.sign(request)
      },
    }
    const authorizer = KmsAuthorizer.fromSigners(late, { accessNode })
    const options = { accessNode, payer: { ...(await payer()), authorizer }, keys: ours }
    await expect(createAccount(options)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      context: { errorCodes: expect.arrayContaining([1007]) },
    })
  })

  it('is made with a hundred copies of weight 0', async () => {
    const { keyId, publicKey } = await createKey({ client })
    const key = await accountKeyOf({ client, keyId, weight: 1000 })
    const copies = [...Array(100)].map(() => ({ ...key, weight: 0 }))
    const { address } = await createAccount({
      accessNode: flow.url,
      payer: await payer(),
      keys: [key, ...copies],
    })
    const { keys } = await showAccount({ accessNode: flow.url, address })
    expect(keys).toHaveLength(101)
    expect(new Set(keys.map((found) => found.publicKey))).toEqual(new Set([publicKey]))
    expect(keys.filter(({ weight }) => weight > 0)).toHaveLength(1)
  })

  it('is not made when the compute limit is too low, and the failure tells the transaction', async () => {
    const { keyId } = await createKey({ client })
    const key = await accountKeyOf({ client, keyId, weight: 1000 })
    const options = { accessNode: flow.url, client, keys: [key] }
    const { address } = await createAccount({ ...options, payer: await payer() })
    // The service account is exempt from the limit; this one is not.
    const authorizer = new KmsAuthorizer(client, keyId, { accessNode: flow.url })
    const failing = createAccount({ ...options, payer: { authorizer, address }, computeLimit: 1 })
    await expect(failing).rejects.toEqual(
      refusal('TRANSACTION_FAILED', {
        transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
        errorCodes: expect.arrayContaining([1110]),
      }),
    )
  })
})

describe('a key that cannot sign is not put on an account', () => {
  it.each([
    ['Disabled', DisableKeyCommand, 'KEY_DISABLED'],
    ['PendingDeletion', ScheduleKeyDeletionCommand, 'KEY_STATE_INVALID'],
  ] as const)('when its state is %s', async (_, Command, code) => {
    const { keyId } = await createKey({ client })
    // Both commands take the key id alone; their union has no common constructor type.
    await client.send(new (Command as typeof DisableKeyCommand)({ KeyId: keyId }))
    await expect(accountKeyOf({ client, keyId, weight: 1000 })).rejects.toEqual(refusal(code))
  })

  it('when it does not exist', async () => {
    const failing = accountKeyOf({ client, keyId: 'alias/none', weight: 1000 })
    await expect(failing).rejects.toEqual(refusal('KEY_NOT_FOUND', { keyId: 'alias/none' }))
  })
})

describe('the emulator as payer', () => {
  it('is refused by an emulator of another chain', async () => {
    await using other = await startEmulator({ extraFlags: ['--chain-id=testnet'] })
    await expect(emulatorPayer({ accessNode: other.url })).rejects.toEqual(
      refusal('CHAIN_MISMATCH', { expected: 'flow-emulator', actual: 'flow-testnet' }),
    )
  })

  it('is refused by an emulator of another service key', async () => {
    await using other = await startEmulator({ servicePrivateKey: '11'.repeat(32) })
    const { keyId } = await createKey({ client })
    const keys = [await accountKeyOf({ client, keyId, weight: 1000 })]
    const stranger = await emulatorPayer({ accessNode: other.url })
    await expect(createAccount({ accessNode: other.url, payer: stranger, keys })).rejects.toEqual(
      refusal('NO_KEY_HELD'),
    )
  })
})
