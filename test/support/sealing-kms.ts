/** AWS KMS as far as sealed keys ask it: real wrapping by AES-256-GCM, in process. @module */
import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  KMSClient,
} from '@aws-sdk/client-kms'
import { mockClient } from 'aws-sdk-client-mock'
import { kmsError } from './fake-kms.ts'

export type SealingOperation = 'GenerateDataKey' | 'Decrypt' | 'GenerateDataKeyPairWithoutPlaintext'
type Input = {
  readonly KeyId: string
  readonly CiphertextBlob?: Uint8Array
  readonly KeyPairSpec?: string
  readonly EncryptionContext?: Record<string, string>
}
type Reply = Record<string, unknown>

/** Instead of answering: throw, never answer, or answer something else. */
export type SealingStep = Error | 'hang' | ((reply: Reply) => Reply | Promise<Reply>)

export type SealingKms = {
  readonly client: KMSClient
  /** Of its first key. */
  readonly arn: string
  readonly addKey: () => string
  /** The next calls of an operation do this, one step each; then it answers as usual. */
  readonly next: (operation: SealingOperation, ...steps: readonly SealingStep[]) => void
  /** Every call of an operation does this, until the next call of `always`. */
  readonly always: (operation: SealingOperation, step: SealingStep | undefined) => void
  readonly count: (operation: SealingOperation) => number
  readonly inputs: (operation: SealingOperation) => readonly Input[]
  /** Wraps what a test has made itself. */
  readonly wrap: (arn: string, context: Record<string, string>, plaintext: Uint8Array) => Uint8Array
}

const commands = {
  GenerateDataKey: GenerateDataKeyCommand,
  Decrypt: DecryptCommand,
  GenerateDataKeyPairWithoutPlaintext: GenerateDataKeyPairWithoutPlaintextCommand,
}

export function createSealingKms(): SealingKms {
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'fake-secret' }
  const client = new KMSClient({ region: 'us-east-1', credentials })
  const mock = mockClient(client)
  const keys = new Map<string, Uint8Array>()
  const steps = new Map<SealingOperation, SealingStep[]>()
  const rules = new Map<SealingOperation, SealingStep | undefined>()
  const addKey = () => {
    const arn = `arn:aws:kms:us-east-1:111122223333:key/${randomUUID()}`
    keys.set(arn, randomBytes(32))
    return arn
  }
  const find = (arn: string) => {
    const key = keys.get(arn)
    if (key === undefined) throw kmsError('NotFoundException')
    return key
  }
  const boundTo = (arn: string, context: Record<string, string> = {}) =>
    Buffer.from(JSON.stringify([arn, Object.entries(context).sort()]))

  const wrap: SealingKms['wrap'] = (arn, context, plaintext) => {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', find(arn), iv).setAAD(boundTo(arn, context))
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return new Uint8Array(Buffer.concat([iv, cipher.getAuthTag(), body]))
  }

  const answers: Record<SealingOperation, (input: Input) => Reply> = {
    GenerateDataKey({ KeyId, EncryptionContext = {} }) {
      const Plaintext = new Uint8Array(randomBytes(32))
      const CiphertextBlob = wrap(KeyId, EncryptionContext, Plaintext)
      return { KeyId, Plaintext, CiphertextBlob }
    },
    Decrypt({ KeyId, CiphertextBlob = new Uint8Array(), EncryptionContext }) {
      const blob = Buffer.from(CiphertextBlob)
      const decipher = createDecipheriv('aes-256-gcm', find(KeyId), blob.subarray(0, 12))
      try {
        decipher.setAAD(boundTo(KeyId, EncryptionContext)).setAuthTag(blob.subarray(12, 28))
        const parts = [decipher.update(blob.subarray(28)), decipher.final()]
        return { KeyId, Plaintext: new Uint8Array(Buffer.concat(parts)) }
      } catch {
        throw kmsError('InvalidCiphertextException')
      }
    },
    GenerateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec, EncryptionContext = {} }) {
      const namedCurve = KeyPairSpec === 'ECC_NIST_P256' ? 'prime256v1' : 'secp256k1'
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
      const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
      return {
        KeyId,
        KeyPairSpec,
        PublicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
        PrivateKeyCiphertextBlob: wrap(KeyId, EncryptionContext, pkcs8),
      }
    },
  }

  for (const operation of Object.keys(commands) as readonly SealingOperation[]) {
    // The commands are classes of one shape; their union has no common constructor type.
    const command = commands[operation] as typeof DecryptCommand
    mock.on(command).callsFake(async (input: Input) => {
      const step = steps.get(operation)?.shift() ?? rules.get(operation)
      if (step === 'hang') return new Promise(() => undefined)
      if (step instanceof Error) throw step
      const reply = {
        ...answers[operation](input),
        $metadata: { httpStatusCode: 200, requestId: randomUUID(), attempts: 1 },
      }
      return step === undefined ? reply : step(reply)
    })
  }
  const callsOf = (operation: SealingOperation) =>
    mock.calls().filter(({ args: [command] }) => command instanceof commands[operation])

  return {
    client,
    arn: addKey(),
    addKey,
    wrap,
    next: (operation, ...more) =>
      void steps.set(operation, [...(steps.get(operation) ?? []), ...more]),
    always: (operation, step) => void rules.set(operation, step),
    count: (operation) => callsOf(operation).length,
    inputs: (operation) =>
      callsOf(operation).map(({ args: [command] }) => command.input as unknown as Input),
  }
}
