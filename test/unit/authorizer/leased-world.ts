/** Two accounts on a node, keys that say when they sign, and a pool that says what it is told. @module */
import { KmsAuthorizer, type Signer, SignerError } from '../../../src/index.ts'
import type { ProposalKeyLease, ProposalKeySource } from '../../../src/proposal-keys/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { hexOf } from '../crypto/independent.ts'
import { startServer } from '../flow/servers.ts'

export const ours = '0x0102030405060708'
export const other = '0x1112131415161718'
export const block = 'cd'.repeat(32)

/** A key that writes its name down when it signs. */
export type Key = Signer & { broken: boolean }

export function createKey(id: string, signed: string[]): Key {
  const software = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const key: Key = {
    id,
    broken: false,
    publicKey: software.publicKey,
    async sign(request) {
      signed.push(id)
      if (key.broken) throw new SignerError('KEY_DISABLED', { keyId: id })
      return software.sign(request)
    },
  }
  return key
}

type Row = { readonly key: Key; readonly weight: number }

/** A node with accounts of these keys, by address. */
export async function startAccounts(accounts: Readonly<Record<string, readonly Row[]>>) {
  const rowJson = async ({ key, weight }: Row, index: number) => ({
    index: String(index),
    public_key: `0x${hexOf((await key.publicKey()).bytes)}`,
    signing_algorithm: 'ECDSA_P256',
    hashing_algorithm: 'SHA3_256',
    sequence_number: '5',
    weight: String(weight),
    revoked: false,
  })
  return startServer(async (response, _, request) => {
    const [, address = '', index] =
      /accounts\/(\w+)(?:\/keys\/(\d+))?/.exec(request.url ?? '') ?? []
    const keys = await Promise.all((accounts[`0x${address}`] ?? []).map(rowJson))
    const body = index === undefined ? { address, balance: '0', keys } : keys[Number(index)]
    response.end(JSON.stringify(body))
  })
}

export const authorizerOf = (keys: readonly Key[], accessNode: string): KmsAuthorizer =>
  KmsAuthorizer.fromSigners(keys, { accessNode })

/** Lends the key of this index, again and again, and tells what becomes of it. */
export function createSource(keyIndex: number) {
  const told: string[] = []
  const commits: Parameters<ProposalKeyLease['commit']>[0][] = []
  const state = { lost: false }
  const source: ProposalKeySource = {
    address: ours,
    async lease() {
      told.push('lent')
      let isHeld = true
      const assertHeld = () => {
        if (state.lost || !isHeld) throw new SignerError('LEASE_LOST', { address: ours, keyIndex })
      }
      return {
        keyIndex,
        sequenceNumber: 5n,
        assertHeld,
        async commit(flight) {
          assertHeld()
          isHeld = false
          told.push('committed')
          commits.push(flight)
        },
        async release() {
          if (isHeld) told.push('given back')
          isHeld = false
        },
      }
    },
  }
  return { source, told, commits, state }
}
