/** Whatever JavaScript gives an exported function, what it answers with is an error of ours. @module */
import type { KMSClient } from '@aws-sdk/client-kms'
import * as crypto from '../../src/crypto/index.ts'
import * as root from '../../src/index.ts'
import * as policy from '../../src/policy/index.ts'
import * as provisioning from '../../src/provisioning/index.ts'
import * as awsKms from '../../src/signers/aws-kms/index.ts'
import { createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import * as transactions from '../../src/transactions/index.ts'
import { createMapStore } from '../support/map-store.ts'

const circle: Record<string, unknown> = {}
circle['self'] = circle
const wrong: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 5],
  ['NaN', Number.NaN],
  ['a bigint', 7n],
  ['a text', 'text'],
  ['an empty text', ''],
  ['half a surrogate pair', '\ud800'],
  ['true', true],
  ['a symbol', Symbol('s')],
  ['an empty object', {}],
  ['an object without prototype', Object.create(null)],
  ['an object that holds itself', circle],
  ['an empty list', []],
  ['a list', [1, [2]]],
  ['a list of nothing', [null]],
  ['an ArrayBuffer', new ArrayBuffer(64)],
  ['bytes', new Uint8Array(64)],
  ['wider numbers', new Uint16Array(64)],
  ['a function', () => undefined],
  ['a date', new Date(0)],
]

type Anything = (...values: readonly unknown[]) => unknown
const address = '0xf8d6e0586b0a20c7'
const bytes = new Uint8Array(64).fill(1)
const signature = { address, keyIndex: 0, signature: bytes }
const transaction = {
  cadence: 'transaction {}',
  arguments: [],
  referenceBlockId: new Uint8Array(32),
  computeLimit: 9,
  proposalKey: { address, keyIndex: 0, sequenceNumber: 0n },
  payer: address,
  authorizers: [address],
  payloadSignatures: [signature],
  envelopeSignatures: [signature],
}
const rules = {
  chainId: 'flow-emulator',
  accounts: [address],
  scripts: [{ name: 's', cadence: 'transaction {}', parameters: [], maxComputeLimit: 9 }],
}
const type = policy.parseCadenceType('String')
const key = {
  publicKey: bytes,
  algorithm: 'ECDSA_P256',
  hashAlgorithm: 'SHA3_256',
  weight: 1000,
}
/** Has no credentials, so that nothing is waited for. */
const client = {
  region: 'us-east-1',
  endpoint: 'http://127.0.0.1:9',
  credentials: () => Promise.reject(new Error('none')),
}
const kms = { client, limits: { totalTimeoutMs: 20, requestTimeoutMs: 20 } }
const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const otherArn = keyArn.replace(/.{4}$/, '0000')
const accessNode = { url: 'http://127.0.0.1:9', timeoutMs: 20 }
const accountKey = { publicKey: '11'.repeat(64), signatureAlgorithm: 'ECDSA_P256', weight: 1000 }
const { signal } = new AbortController()
const stack = {
  name: 'keys',
  kind: 'signing-keys',
  accountId: '111122223333',
  client: { ...client, maxAttempts: 1 },
  requestTimeoutMs: 20,
  pollMs: 9,
  timeoutMs: 20,
  signal,
}
const signerDocument = {
  key: 'minter',
  accounts: [address],
  payload: true,
  envelope: true,
  policy: rules,
  budgets: {},
}
const archive = { bytes, byteLength: 64, sha256: '', codeSha256: '', key: 'a.zip' }
const planned = {
  template: { Resources: { Topic: { Type: 'AWS::SNS::Topic' } } },
  parameters: { name: 'value' },
  tags: { team: 'drops' },
  replace: ['Key'],
  confirmReplace: ['Key'],
}
const keyRoles = {
  accountId: '111122223333',
  signerRoleArn: 'arn:aws:iam::111122223333:role/minter',
  adminRoleArn: 'arn:aws:iam::111122223333:role/admin',
}
const sealedKeys = createSealedKeys({ kms: client, keyId: keyArn, store: createMapStore() })
const none = async () => undefined
const book = {
  read: none,
  add: async () => true,
  list: async () => ({ wallets: [] }),
  readRun: none,
  replaceRun: async () => true,
}
const authorizer = new root.KmsAuthorizer(client, keyArn, { accessNode })
const resuming = {
  accessNode,
  chainId: 'flow-emulator',
  address,
  authorizer,
  rotations: { begin: none, replace: none, read: none, list: none },
  pools: [],
  signed: [],
  vault: { kind: 'signer', create: none, open: none },
  retirement: { kind: 'signer', reference: 'a' },
  stopBefore: 'swap',
  timeoutMs: 20,
  drainTimeoutMs: 20,
  onStep: () => undefined,
  signal,
}
const rotating = { publicKey: '11'.repeat(64), hashAlgorithm: 'SHA3_256', copies: 1 }

/** Good arguments of each function, of which one after the other becomes wrong. */
const functions: Readonly<
  Record<string, readonly [object, Readonly<Record<string, readonly unknown[]>>]>
> = {
  crypto: [
    crypto,
    {
      assertWeight: [5],
      encodeAccountKey: [key],
      addressToBytes: [address],
      normalizeAddress: [address],
      derToRaw: [new Uint8Array([0x30, 6, 2, 1, 1, 2, 1, 1]), 'ECDSA_P256'],
      encodeDomainTag: ['tag'],
      hasDomainTag: ['user', bytes],
      withDomainTag: ['user', bytes],
      hashMessage: [bytes, 'SHA3_256'],
      bytesToHex: [bytes],
      hexToBytes: ['00', 'field'],
      accountProofMessage: [address, { appIdentifier: 'app', nonce: '00'.repeat(32) }],
      userMessage: [bytes],
      normalizeRaw: [bytes, 'ECDSA_P256'],
      spkiToPublicKey: [bytes],
      encodeTransaction: [transaction],
      envelopeMessage: [transaction],
      payloadMessage: [transaction],
      signerAddresses: [transaction],
      transactionId: [transaction],
      decodeMessage: [bytes],
      decodeTransaction: [bytes],
      importPublicKey: [bytes, 'ECDSA_P256'],
      verifySignature: [bytes, bytes, 'SHA3_256', bytes],
    },
  ],
  'signers/aws-kms': [
    awsKms,
    {
      createAwsKmsSigner: [{ ...kms.limits, client, keyId: keyArn }],
      describeAwsKmsKey: [{ ...kms, keyId: keyArn, signal }],
    },
  ],
  root: [
    { ...root, KmsAuthorizer: undefined, SignerError: undefined },
    {
      isSignerError: [new Error('x'), 'KMS_TIMEOUT'],
      createSigningGovernor: [{ ratePerSecond: 9 }],
    },
  ],
  signer: [
    { ...createSoftwareSigner({ algorithm: 'ECDSA_P256' }), id: undefined },
    {
      publicKey: [{ signal }],
      sign: [{ message: bytes, hashAlgorithm: 'SHA3_256', signal }],
    },
  ],
  policy: [
    policy,
    {
      assertCadenceValue: [{ type: 'String', value: 'a' }, type, { chainId: 'flow-emulator' }],
      parseCadenceType: ['String'],
      cadenceTypeText: [type],
      createPolicy: [rules],
      inspectTransaction: [transaction, rules],
      isAddressOfChain: [address, 'flow-emulator'],
      decodeArguments: [[], [], { chainId: 'flow-emulator' }],
    },
  ],
  transactions: [
    transactions,
    {
      approveTransaction: [
        { accessNode, transaction, signed: [transaction], signatures: [signature], signal },
      ],
      decodeTransactionFile: ['{}'],
      encodeTransactionFile: [transaction, 'json'],
      messageToSign: [transaction, address],
      prepareTransaction: [
        {
          accessNode,
          chainId: 'flow-emulator',
          cadence: 'transaction {}',
          arguments: [{ type: 'Int', value: '1' }],
          proposer: { address, keyIndex: 0 },
          payer: address,
          authorizers: [address],
          computeLimit: 9,
          signal,
        },
      ],
      sendTransaction: [{ accessNode, transaction, timeoutMs: 20, signal }],
      signTransaction: [
        {
          authorizer,
          address,
          transaction,
          keyIndexes: [0],
          partial: true,
          policy: () => undefined,
          signal,
        },
      ],
    },
  ],
  provisioning: [
    // Any text is a folder, and any function a database: their own tests give them what is none.
    {
      ...provisioning,
      createFileRotations: undefined,
      createFileWalletBook: undefined,
      createSqlRotations: undefined,
      createSqlWalletBook: undefined,
    },
    {
      deleteStack: [stack],
      deployStack: [{ ...stack, ...planned, onPlan: () => undefined, onProgress: () => undefined }],
      packRemoteSigner: [{ document: signerDocument, bundle: bytes }],
      planStack: [{ ...stack, ...planned }],
      uploadRemoteSigner: [
        { client: stack.client, requestTimeoutMs: 20, signal, code: archive, bucket: 'code' },
      ],
      diagnoseStack: [{ name: 'keys', client: stack.client, keyArns: [keyArn] }],
      accountKeyOf: [{ ...kms, keyId: keyArn, weight: 1000, hashAlgorithm: 'SHA3_256' }],
      addProposalKeys: [{ accessNode, address, authorizer, count: 1, publicKey: '11'.repeat(64) }],
      createAccount: [{ accessNode, payer: { address, authorizer }, keys: [accountKey], client }],
      createWallets: [
        {
          accessNode,
          keys: sealedKeys,
          book,
          payer: { address, authorizer },
          ids: ['user-1'],
          hashAlgorithm: 'SHA3_256',
          algorithm: 'ECDSA_P256',
          batchSize: 5,
          bookTimeoutMs: 20,
          onProgress: () => undefined,
          signal,
        },
      ],
      sendFlow: [
        {
          accessNode,
          authorizer,
          address,
          to: '0x01cf0e2f2f715450',
          amount: '1.5',
          payer: { address, authorizer },
          timeoutMs: 20,
          onSigned: () => undefined,
          signal,
        },
      ],
      createKey: [{ ...kms, signal, alias: 'alias/a', tags: { team: 'drops' }, description: 'x' }],
      describeKey: [
        { ...kms, keyId: keyArn, accessNode, chainId: 'flow-emulator', addresses: [address] },
      ],
      diagnose: [{ ...kms, keyIds: [keyArn], accessNode, address, chainId: 'flow-emulator' }],
      emulatorPayer: [{ accessNode }],
      keyPolicy: [keyRoles],
      keyPolicyFaults: [{ Version: '2012-10-17', Statement: [] }, keyRoles],
      policyFaults: [{ Version: '2012-10-17', Statement: [] }, { keyArns: [keyArn] }],
      showAccount: [{ accessNode, address, authorizer, chainId: 'flow-emulator' }],
      rotationPolicy: [
        { keyArns: [keyArn], aliases: ['alias/a'], unusedForDays: 7, pendingWindowInDays: 30 },
      ],
      inspectionPolicy: [{ keyArns: [keyArn] }],
      signingPolicy: [{ keyArns: [keyArn] }],
      abortRotation: [
        { accessNode, address, authorizer, rotations: resuming.rotations, vault: resuming.vault },
      ],
      createMemoryRotations: [],
      planRotation: [{ accessNode, chainId: 'flow-emulator', address, ...rotating, signal }],
      resumeRotation: [resuming],
      rotateKey: [{ ...resuming, ...rotating, emergency: true }],
      rotationStatus: [{ accessNode, address, rotations: resuming.rotations, signal }],
      kmsVault: [{ ...kms, description: 'x', multiRegion: true, tags: { team: 'drops' } }],
      kmsRetirement: [
        {
          ...{ ...kms, keyId: keyArn, accessNode, addresses: [address], chainId: 'flow-emulator' },
          ...{ alias: 'alias/a', unusedForDays: 7, pendingWindowInDays: 7, trail: client },
          publicKey: '11'.repeat(64),
        },
      ],
      sealedKeyRetirement: [
        sealedKeys,
        'alice',
        { accessNode, addresses: [address], chainId: 'flow-emulator', unusedForDays: 7 },
      ],
      wrappingKeyRetirement: [
        { ...kms, keyId: keyArn, keys: [sealedKeys], unusedForDays: 7, trail: client },
      ],
      rewrapSealedKeys: [
        { keys: sealedKeys, from: keyArn, to: otherArn, stopBefore: 'delete', atOnce: 8, signal },
      ],
      sealedKeyVault: [sealedKeys, { algorithm: 'ECDSA_P256', walletId: 'alice' }],
      signerVault: [createSoftwareSigner({ algorithm: 'ECDSA_P256' })],
    },
  ],
}

describe.each(Object.keys(functions))('of %s', (name) => {
  const [exported, good] = functions[name] ?? [{}, {}]
  it('every function is tried', () => {
    const names = Object.entries(exported).filter(([, value]) => typeof value === 'function')
    expect(names.map(([one]) => one).sort()).toEqual(Object.keys(good).sort())
  })
  it.each(Object.keys(good))('%s', async (one) => {
    const run = (exported as Record<string, Anything>)[one] as Anything
    const args = good[one] ?? []
    const foreign: string[] = []
    const attempt = async (label: string, given: readonly unknown[]) => {
      try {
        await run(...given)
      } catch (thrown) {
        if (!root.isSignerError(thrown))
          foreign.push(
            `${label}: ${thrown instanceof Error ? thrown.stack?.split('\n').slice(0, 3).join(' ') : String(thrown)}`,
          )
      }
    }
    for (const [index, argument] of args.entries())
      for (const [label, value] of wrong) {
        await attempt(`${index} is ${label}`, args.with(index, value))
        if (typeof argument !== 'object' || argument === null || argument instanceof Uint8Array)
          continue
        for (const field of Object.keys(argument))
          await attempt(
            `${index}.${field} is ${label}`,
            args.with(index, { ...argument, [field]: value }),
          )
      }
    expect(foreign).toEqual([])
  })
})

describe('a client', () => {
  it.each(wrong)('whose configuration, or a provider in it, is %s', async (_, value) => {
    const asked = ['region', 'endpoint', 'credentials', 'requestHandler', 'useFipsEndpoint']
    const config = {
      region: async () => 'us-east-1',
      endpoint: async () => new URL(accessNode.url),
    }
    for (const wrongConfig of [value, ...asked.map((name) => ({ ...config, [name]: value }))]) {
      const kmsClient = { send: async () => ({}), config: wrongConfig } as unknown as KMSClient
      const signer = awsKms.createAwsKmsSigner({ ...kms.limits, client: kmsClient, keyId: keyArn })
      await expect(signer.publicKey()).rejects.toMatchObject({ name: 'SignerError' })
      const options = { client: kmsClient, limits: kms.limits, keyId: keyArn }
      const described = await awsKms.describeAwsKmsKey(options).catch((thrown) => thrown)
      expect(described).toMatchObject(
        described instanceof Error ? { name: 'SignerError' } : { state: 'unknown' },
      )
    }
  })
})
