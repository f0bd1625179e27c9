/** An emulator with FCL pointed at it, and accounts with any keys. */

import { curves, type HashAlgorithm, hashCodes } from '../../src/crypto/algorithms.ts'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type EmulatorOptions, startEmulator } from '../../src/testing/start-emulator.ts'
import { type Authz, type Fcl, loadFcl, type Mutation } from './fcl.ts'
import { startKms, type TestKms } from './kms.ts'

export type KeySpec = {
  readonly signer: Signer
  readonly weight: number
  readonly hashAlgorithm?: HashAlgorithm
}

/** What became of a transaction. */
export type Outcome = {
  readonly id: string
  /** All error codes of the node's message, outermost first; empty when it succeeded. */
  readonly errorCodes: readonly number[]
  readonly errorMessage: string
  readonly events: readonly { readonly type: string; readonly payload: unknown }[]
}

export type FlowChain = {
  readonly url: string
  /** Authorizes as the emulator's service account, by a software key of weight 1,000. */
  readonly service: Authz
  readonly serviceAddress: string
  /** Sends by plain `fcl.mutate` and waits until it is sealed. */
  readonly send: (mutation: Mutation, fcl?: Fcl) => Promise<Outcome>
  readonly createAccount: (keys: readonly KeySpec[]) => Promise<string>
  /** Several accounts with the same keys, in one transaction. */
  readonly createAccounts: (keys: readonly KeySpec[], count: number) => Promise<readonly string[]>
  readonly addKeys: (authz: Authz, keys: readonly KeySpec[]) => Promise<Outcome>
  readonly revokeKey: (authz: Authz, keyIndex: number) => Promise<Outcome>
  readonly sequenceNumber: (address: string, keyIndex: number) => Promise<number>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A transaction that touches nothing and needs one authorizer. */
export const noop = 'transaction { prepare(signer: &Account) {} }'

const keyParameters = '(keys: [String], curves: [UInt8], hashes: [UInt8], weights: [UFix64])'
const addAllTo = (target: string) => `var i = 0
    while i < keys.length {
      ${target}.keys.add(
        publicKey: PublicKey(
          publicKey: keys[i].decodeHex(),
          signatureAlgorithm: SignatureAlgorithm(rawValue: curves[i])!),
        hashAlgorithm: HashAlgorithm(rawValue: hashes[i])!,
        weight: weights[i])
      i = i + 1
    }`
const createAccountsCadence = (count: number) => `transaction${keyParameters} {
  prepare(signer: auth(BorrowValue) &Account) {
    var created = 0
    while created < ${count} {
      let account = Account(payer: signer)
      ${addAllTo('account')}
      created = created + 1
    }
  }
}`
const addKeysCadence = `transaction${keyParameters} {
  prepare(signer: auth(AddKey) &Account) {
    ${addAllTo('signer')}
  }
}`
const revokeKeyCadence = `transaction(index: Int) {
  prepare(signer: auth(RevokeKey) &Account) { signer.keys.revoke(keyIndex: index) ?? panic("no key") }
}`

/** Both servers; when one does not start, the other is stopped. */
export async function startChainAndKms(): Promise<{ chain: FlowChain; kms: TestKms }> {
  const [chain, kms] = await Promise.allSettled([startChain(), startKms()])
  if (chain.status === 'fulfilled' && kms.status === 'fulfilled')
    return { chain: chain.value, kms: kms.value }
  const started = [chain, kms].filter((server) => server.status === 'fulfilled')
  await Promise.all(started.map(({ value }) => value[Symbol.asyncDispose]()))
  throw [chain, kms].find((server) => server.status === 'rejected')?.reason
}

export async function startChain(options: EmulatorOptions = {}): Promise<FlowChain> {
  const fcl = await loadFcl()
  const emulator = await startEmulator({ blockTimeMs: 100, ...options })
  fcl.config({ 'accessNode.api': emulator.url })
  const { url, serviceAddress } = emulator
  const privateKey = new Uint8Array(Buffer.from(emulator.servicePrivateKey, 'hex'))
  const serviceSigner = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const authorizer = KmsAuthorizer.fromSigners(serviceSigner, { accessNode: url })
  const service = authorizer.authorize(serviceAddress)
  const send: FlowChain['send'] = async (mutation, sender = fcl) =>
    settle(url, await sender.mutate({ limit: 9_999, ...mutation }))
  // The service account has one proposal key, so it sends one transaction at a time.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = last.then(run, run)
    last = result.catch(() => undefined)
    return result
  }
  const createAccounts: FlowChain['createAccounts'] = async (keys, count) => {
    const args = await keyArguments(keys)
    const mutation = { cadence: createAccountsCadence(count), args, authz: service }
    const { events, errorMessage } = await inTurn(() => send(mutation))
    const created = events.filter(({ type }) => type === 'flow.AccountCreated')
    const addresses = created.flatMap(({ payload }) =>
      (/0x[0-9a-f]{16}/.exec(JSON.stringify(payload)) ?? []).slice(0, 1),
    )
    if (addresses.length !== count) throw new Error(`no account: ${errorMessage}`)
    return addresses
  }
  return {
    url,
    service,
    serviceAddress,
    send,
    createAccounts,
    async createAccount(keys) {
      const [address = ''] = await createAccounts(keys, 1)
      return address
    },
    async addKeys(authz, keys) {
      return send({ cadence: addKeysCadence, args: await keyArguments(keys), authz })
    },
    revokeKey: (authz, keyIndex) =>
      send({
        cadence: revokeKeyCadence,
        args: (arg, t) => [arg(String(keyIndex), t['Int'])],
        authz,
      }),
    async sequenceNumber(address, keyIndex) {
      const reply = await fetch(`${url}/v1/accounts/${address.slice(2)}/keys/${keyIndex}`)
      const key: { sequence_number?: string } = JSON.parse(await reply.text())
      return Number(key.sequence_number)
    },
    [Symbol.asyncDispose]: () => emulator.stop(),
  }
}

async function keyArguments(keys: readonly KeySpec[]): Promise<NonNullable<Mutation['args']>> {
  const publicKeys = await Promise.all(keys.map(({ signer }) => signer.publicKey()))
  return (arg, t) => [
    arg(
      publicKeys.map(({ bytes }) => bytesToHex(bytes)),
      t['Array']?.(t['String']),
    ),
    arg(
      publicKeys.map(({ algorithm }) => String(curves[algorithm].cadenceRawValue)),
      t['Array']?.(t['UInt8']),
    ),
    arg(
      keys.map(({ hashAlgorithm = 'SHA3_256' }) => String(hashCodes[hashAlgorithm])),
      t['Array']?.(t['UInt8']),
    ),
    arg(
      keys.map(({ weight }) => weight.toFixed(1)),
      t['Array']?.(t['UFix64']),
    ),
  ]
}

async function settle(url: string, id: string, deadlineMs = 30_000): Promise<Outcome> {
  for (const deadline = Date.now() + deadlineMs; Date.now() < deadline; ) {
    const reply = await fetch(`${url}/v1/transaction_results/${id}`)
    const result: {
      status?: string
      error_message?: string
      events?: { type: string; payload: string }[]
    } = JSON.parse(await reply.text())
    if (result.status === 'Sealed') {
      const errorMessage = result.error_message ?? ''
      const codes = errorMessage.matchAll(/\[Error Code: (\d+)\]/g)
      const events = (result.events ?? []).map(({ type, payload }) => ({
        type,
        payload: JSON.parse(Buffer.from(payload, 'base64').toString()),
      }))
      return { id, errorCodes: [...codes].map(([, code]) => Number(code)), errorMessage, events }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`transaction ${id} was not sealed within ${deadlineMs} ms`)
}
