/**
 * KMS behind HTTP, so that the SDK's own retries, signatures and clock are in the test. Keys are
 * real software keys; any operation can be told to fail. @module
 */

import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { KMSClient } from '@aws-sdk/client-kms'
import { softKey } from '../crypto/independent.ts'
import { type Answer, type HttpFake, startHttp } from './http-fake.ts'

type Input = Readonly<Record<string, unknown>>

/** Instead of the usual answer; a function may act as usual and then answer something else. */
export type Step = Answer | ((usual: () => Answer) => Answer) | undefined

export type KmsEndpoint = HttpFake & {
  readonly client: KMSClient
  /** Operations that arrived, in order. */
  readonly calls: readonly string[]
  readonly count: (operation: string) => number
  /** Calls of an operation whose connection was closed since. */
  readonly cut: (operation: string) => number
  readonly inputs: (operation: string) => readonly Input[]
  /** What the next calls of an operation do, one each. */
  readonly next: (operation: string, ...steps: readonly Step[]) => void
  /** What every later call of an operation does. */
  readonly always: (operation: string, step: Step) => void
  /** Adds a key; returns its ARN. */
  readonly addKey: (facts?: Readonly<Record<string, unknown>>) => string
  readonly setAlias: (alias: string, arn: string) => void
  readonly aliasTarget: (alias: string) => string | undefined
  /** What KMS tells of a key besides; `KeyState` decides what may be done with it. */
  readonly setFacts: (arn: string, facts: Readonly<Record<string, unknown>>) => void
  readonly facts: (arn: string) => Readonly<Record<string, unknown>>
  /** Sets its tags; returns nothing. */
  readonly setTags: (arn: string, tags: Readonly<Record<string, string>>) => void
  readonly tags: (arn: string) => Readonly<Record<string, string>>
  /** Seconds that its Date header is ahead. */
  clockAheadS: number
}

/** What a remote body may hold, and nothing of ours may repeat. */
export const REMOTE_SECRET = 'remote-body-AKIAIOSFODNN7EXAMPLE'

/** An error as KMS answers it. */
export const refusal = (name: string, status = 400): Answer => ({
  status,
  headers: { 'x-amzn-errortype': name },
  body: { __type: name, message: REMOTE_SECRET },
})

/** A key of another spec has a public key, but nothing here signs with it. */
function material(spec: string) {
  if (spec === 'ECC_SECG_P256K1') return softKey('ECDSA_secp256k1')
  if (spec === 'ECC_NIST_P256') return softKey('ECDSA_P256')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  return { spki: publicKey.export({ format: 'der', type: 'spki' }), sign: undefined }
}

export async function startKmsEndpoint(): Promise<KmsEndpoint> {
  type Key = ReturnType<typeof newKey>
  const keys = new Map<string, Key>()
  const aliases = new Map<string, string>()
  const calls: { readonly operation: string; readonly input: Input }[] = []
  const steps = new Map<string, Step[]>()
  const rules = new Map<string, Step>()

  function newKey(facts: Readonly<Record<string, unknown>>) {
    const KeySpec = String(facts['KeySpec'] ?? 'ECC_SECG_P256K1')
    const KeyId = facts['MultiRegion'] === true ? `mrk-${'0'.repeat(32)}` : randomUUID()
    const Arn = `arn:aws:kms:us-east-1:111122223333:key/${KeyId}`
    const metadata = { KeyUsage: 'SIGN_VERIFY', KeyState: 'Enabled', ...facts, KeySpec, KeyId, Arn }
    const tags: Record<string, string> = {}
    const key = { ...material(KeySpec), metadata, tags }
    keys.set(Arn, key)
    return key
  }
  const find = (name: unknown) => {
    const target = aliases.get(String(name)) ?? String(name)
    return [...keys.values()].find(({ metadata: { Arn, KeyId } }) => [Arn, KeyId].includes(target))
  }

  function listKeys({ Limit = 100, Marker = 0 }: Input): Answer {
    const all = [...keys.values()].map(({ metadata: { Arn, KeyId } }) => ({ KeyArn: Arn, KeyId }))
    const end = Number(Marker) + Number(Limit)
    const more = end < all.length ? { Truncated: true, NextMarker: `${end}` } : { Truncated: false }
    return { body: { Keys: all.slice(Number(Marker), end), ...more } }
  }

  function usual(operation: string, input: Input): Answer {
    if (operation === 'ListKeys') return listKeys(input)
    if (operation === 'DeleteAlias')
      return aliases.delete(String(input['AliasName']))
        ? { body: {} }
        : refusal('NotFoundException')
    const key = find(input['KeyId'] ?? input['TargetKeyId'])
    if (operation === 'CreateKey') {
      const made = newKey(input)
      const tags = (input['Tags'] ?? []) as { TagKey: string; TagValue: string }[] // the SDK's form
      for (const { TagKey, TagValue } of tags) made.tags[TagKey] = TagValue
      return { body: { KeyMetadata: made.metadata } }
    }
    if (key === undefined) return refusal('NotFoundException')
    const { metadata } = key
    switch (operation) {
      case 'DescribeKey':
        return { body: { KeyMetadata: metadata } }
      case 'GetPublicKey': {
        const PublicKey = Buffer.from(key.spki).toString('base64')
        const { Arn, KeySpec, KeyUsage } = metadata
        return { body: { KeyId: Arn, KeySpec, KeyUsage, PublicKey } }
      }
      case 'CreateAlias':
        if (aliases.has(String(input['AliasName']))) return refusal('AlreadyExistsException')
        aliases.set(String(input['AliasName']), metadata.Arn)
        return { body: {} }
      case 'ListAliases': {
        const own = [...aliases].filter(([, arn]) => arn === metadata.Arn)
        return { body: { Aliases: own.map(([AliasName]) => ({ AliasName })) } }
      }
      case 'ListResourceTags': {
        const Tags = Object.entries(key.tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
        return { body: { Tags } }
      }
      case 'UntagResource':
        for (const name of input['TagKeys'] as string[]) delete key.tags[name] // the SDK's form
        return { body: {} }
      case 'UpdateAlias':
        if (!aliases.has(String(input['AliasName']))) return refusal('NotFoundException')
        aliases.set(String(input['AliasName']), metadata.Arn)
        return { body: {} }
      case 'DisableKey':
      case 'ScheduleKeyDeletion': {
        if (metadata.KeyState.startsWith('Pending')) return refusal('KMSInvalidStateException')
        metadata.KeyState = operation === 'DisableKey' ? 'Disabled' : 'PendingDeletion'
        if (operation === 'DisableKey') return { body: {} }
        const DeletionDate = Date.now() / 1000 + 86_400 * Number(input['PendingWindowInDays'])
        Object.assign(metadata, { DeletionDate })
        return { body: { KeyId: metadata.Arn, DeletionDate, KeyState: 'PendingDeletion' } }
      }
      case 'TagResource': {
        const tags = input['Tags'] as { TagKey: string; TagValue: string }[] // the SDK's form
        for (const { TagKey, TagValue } of tags) key.tags[TagKey] = TagValue
        return { body: {} }
      }
      case 'Sign': {
        if (metadata.KeyState === 'Disabled') return refusal('DisabledException')
        if (input['DryRun'] === true) return refusal('DryRunOperationException', 412)
        const digest = Buffer.from(String(input['Message']), 'base64')
        const der = key.sign?.(digest).der
        if (der === undefined) return refusal('UnsupportedOperationException')
        const Signature = Buffer.from(der).toString('base64')
        return { body: { KeyId: metadata.Arn, Signature, SigningAlgorithm: 'ECDSA_SHA_256' } }
      }
      default:
        return refusal('UnknownOperationException')
    }
  }

  const cuts: string[] = []
  const server = await startHttp((request, body) => {
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '')
    request.socket.setMaxListeners(0) // one for each request of a connection that is kept
    request.socket.once('close', () => cuts.push(operation))
    const input = (body ?? {}) as Input // the SDK's own JSON
    calls.push({ operation, input })
    const step = steps.get(operation)?.shift() ?? rules.get(operation)
    const act = () => usual(operation, input)
    const answer = typeof step === 'function' ? step(act) : (step ?? act())
    if (typeof answer === 'string') return answer
    const date = new Date(Date.now() + 1000 * endpoint.clockAheadS).toUTCString()
    return { ...answer, headers: { date, ...answer.headers } }
  })
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'fake-secret' }
  const client = new KMSClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const of = (operation: string) => calls.filter((call) => call.operation === operation)
  const endpoint: KmsEndpoint = {
    ...server,
    client,
    get calls() {
      return calls.map(({ operation }) => operation)
    },
    count: (operation) => of(operation).length,
    cut: (operation) => cuts.filter((name) => name === operation).length,
    inputs: (operation) => of(operation).map(({ input }) => input),
    next: (operation, ...more) =>
      void steps.set(operation, [...(steps.get(operation) ?? []), ...more]),
    always: (operation, step) => void rules.set(operation, step),
    addKey: (facts = {}) => newKey(facts).metadata.Arn,
    setAlias: (alias, arn) => void aliases.set(alias, arn),
    aliasTarget: (alias) => aliases.get(alias),
    setFacts: (arn, facts) => void Object.assign(find(arn)?.metadata ?? {}, facts),
    facts: (arn) => find(arn)?.metadata ?? {},
    setTags: (arn, tags) => void Object.assign(find(arn)?.tags ?? {}, tags),
    tags: (arn) => find(arn)?.tags ?? {},
    clockAheadS: 0,
    async [Symbol.asyncDispose]() {
      client.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
  return endpoint
}
