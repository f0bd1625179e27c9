/**
 * AWS KMS as a client sees it: `aws-sdk-client-mock` in front of real software keys, so that a
 * wrong digest or a wrong key shows as a signature that does not verify. @module
 */

import { randomUUID } from 'node:crypto'
import {
  DescribeKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  KMSServiceException,
  SignCommand,
} from '@aws-sdk/client-kms'
import { mockClient } from 'aws-sdk-client-mock'
import { type SoftKey, softKey } from '../unit/crypto/independent.ts'

type Algorithm = 'ECDSA_P256' | 'ECDSA_secp256k1'
type Operation = 'GetPublicKey' | 'Sign' | 'DescribeKey'
type Input = { readonly KeyId?: string; readonly Message?: Uint8Array } & Record<string, unknown>
type Reply = Record<string, unknown>

/** One key of the fake. */
export type FakeKmsKey = SoftKey & { readonly keyId: string; readonly arn: string }

/**
 * What one call does instead of answering: throw an error, never answer, or answer something else.
 * `undefined` answers as usual.
 */
export type Step =
  | Error
  | 'hang'
  | ((reply: Reply, input: Input) => Reply | Promise<Reply>)
  | undefined

export type FakeKms = {
  readonly client: KMSClient
  readonly region: string
  readonly addKey: (options: {
    readonly algorithm: Algorithm
    readonly keyId?: string
    readonly material?: SoftKey
  }) => FakeKmsKey
  /** @param alias - With `alias/`. Pointing it elsewhere is calling this again. */
  readonly setAlias: (alias: string, key: FakeKmsKey) => void
  /** @param state - As KMS names it, for example `Disabled`. */
  readonly setState: (key: FakeKmsKey, state: string) => void
  /** The next calls of an operation do this, one step each; then it answers as usual. */
  readonly next: (operation: Operation, ...steps: readonly Step[]) => void
  /** Every call of an operation does this, until the next call of `always`. */
  readonly always: (operation: Operation, step: Step) => void
  /** How often an operation was called. */
  readonly count: (operation: Operation) => number
  /** The inputs of the calls of an operation. */
  readonly inputs: (operation: Operation) => readonly Input[]
  /** The signals that the calls were given, in their order. */
  readonly abortSignals: () => readonly AbortSignal[]
}

const specs = { ECDSA_P256: 'ECC_NIST_P256', ECDSA_secp256k1: 'ECC_SECG_P256K1' }
const commands = {
  GetPublicKey: GetPublicKeyCommand,
  Sign: SignCommand,
  DescribeKey: DescribeKeyCommand,
}

/** Text that stands in every error of the fake, where AWS and proxies put request and body. */
export const REMOTE_SECRET = 'remote-body-AKIAIOSFODNN7EXAMPLE'

/** @param name - As the SDK names the error, for example `ThrottlingException`. */
export function kmsError(name: string, status = 400, message: string = REMOTE_SECRET): Error {
  return new KMSServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, requestId: randomUUID(), attempts: 1 },
  })
}

/** @param region - Also the Region in the ARNs. */
export function createFakeKms(region = 'us-east-1', partition = 'aws'): FakeKms {
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'fake-secret' }
  const client = new KMSClient({ region, credentials })
  const mock = mockClient(client)
  const prefix = `arn:${partition}:kms:${region}:111122223333:`
  const keys = new Map<string, FakeKmsKey>()
  const aliases = new Map<string, FakeKmsKey>()
  const states = new Map<FakeKmsKey, string>()
  const steps = new Map<Operation, Step[]>()
  const rules = new Map<Operation, Step>()

  const find = (name = ''): FakeKmsKey => {
    const short = name.startsWith(prefix) ? name.slice(prefix.length).replace(/^key\//, '') : name
    const key = short.startsWith('alias/') ? aliases.get(short) : keys.get(short)
    if (key === undefined) throw kmsError('NotFoundException')
    return key
  }
  const usable = (name: string | undefined): FakeKmsKey => {
    const key = find(name)
    const state = states.get(key) ?? 'Enabled'
    if (state === 'Disabled') throw kmsError('DisabledException')
    if (state !== 'Enabled') throw kmsError('KMSInvalidStateException')
    return key
  }

  const answers: Record<Operation, (input: Input) => Reply> = {
    GetPublicKey({ KeyId }) {
      const { arn, algorithm, spki } = usable(KeyId)
      return {
        KeyId: arn,
        KeySpec: specs[algorithm],
        KeyUsage: 'SIGN_VERIFY',
        PublicKey: spki.slice(),
        SigningAlgorithms: ['ECDSA_SHA_256'],
      }
    },
    Sign({ KeyId, Message, MessageType, SigningAlgorithm }) {
      const key = usable(KeyId)
      const isDigest = MessageType === 'DIGEST' && Message?.length === 32
      if (!isDigest || SigningAlgorithm !== 'ECDSA_SHA_256') throw kmsError('ValidationException')
      return { KeyId: key.arn, Signature: key.sign(Message).der, SigningAlgorithm }
    },
    DescribeKey({ KeyId }) {
      const key = find(KeyId)
      return {
        KeyMetadata: {
          KeyId: key.keyId,
          Arn: key.arn,
          KeySpec: specs[key.algorithm],
          KeyUsage: 'SIGN_VERIFY',
          KeyState: states.get(key) ?? 'Enabled',
          MultiRegion: key.keyId.startsWith('mrk-'),
          Description: 'a fake key',
          CreationDate: new Date('2026-01-02T03:04:05Z'),
        },
      }
    },
  }

  for (const operation of ['GetPublicKey', 'Sign', 'DescribeKey'] as const) {
    // The three commands are classes of one shape; their union has no common constructor type.
    const command = commands[operation] as typeof SignCommand
    mock.on(command).callsFake(async (input: Input) => {
      const step = steps.get(operation)?.shift() ?? rules.get(operation)
      if (step === 'hang') return new Promise(() => undefined)
      if (step instanceof Error) throw step
      const reply = {
        ...answers[operation](input),
        $metadata: { httpStatusCode: 200, requestId: randomUUID(), attempts: 1 },
      }
      return step === undefined ? reply : step(reply, input)
    })
  }
  const callsOf = (operation: Operation) =>
    mock.calls().filter(({ args: [command] }) => command instanceof commands[operation])

  return {
    client,
    region,
    addKey({ algorithm, keyId = randomUUID(), material = softKey(algorithm) }) {
      const key = { ...material, keyId, arn: `${prefix}key/${keyId}` }
      keys.set(keyId, key)
      return key
    },
    setAlias: (alias, key) => void aliases.set(alias, key),
    setState: (key, state) => void states.set(key, state),
    next: (operation, ...more) =>
      void steps.set(operation, [...(steps.get(operation) ?? []), ...more]),
    always: (operation, step) => void rules.set(operation, step),
    count: (operation) => callsOf(operation).length,
    inputs: (operation) => callsOf(operation).map(({ args: [command] }) => command.input as Input),
    abortSignals: () =>
      mock.calls().flatMap(({ args }) => {
        const options: unknown = [...args][1]
        return typeof options === 'object' && options !== null && 'abortSignal' in options
          ? [options.abortSignal as AbortSignal]
          : []
      }),
  }
}
