import { KmsAuthorizer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { type Authz, type Fcl, fclPackages, loadFcl, type Mutation } from '../support/fcl.ts'
import { type FlowChain, noop, startChainAndKms } from '../support/flow-chain.ts'
import type { TestKms } from '../support/kms.ts'

type Spec = 'ECC_SECG_P256K1' | 'ECC_NIST_P256'
type Layout = { readonly weights: readonly number[]; readonly signatures: number }

/** Weights of the account's KMS keys, and how many of them reach 1,000. */
const layouts: Readonly<Record<string, Layout>> = {
  '500+500': { weights: [500, 500], signatures: 2 },
  '400+300+300': { weights: [400, 300, 300], signatures: 3 },
  '999+1': { weights: [999, 1], signatures: 2 },
  '1000+0': { weights: [1000, 0], signatures: 1 },
}

// Jest itself fails a test that leaves a rejection unhandled; fcl-process.test.ts shows that the
// process survives, too.
let chain: FlowChain
let kms: TestKms
const accounts = new Map<string, { address: string; keyIds: string[]; authorizer: KmsAuthorizer }>()

beforeAll(async () => {
  ;({ chain, kms } = await startChainAndKms())
  for (const [name, { weights }] of Object.entries(layouts)) {
    const specs = weights.map(
      (_, index): Spec => (index % 2 === 0 ? 'ECC_SECG_P256K1' : 'ECC_NIST_P256'),
    )
    const keyIds = await Promise.all(specs.map((KeySpec) => kms.createKey({ KeySpec })))
    const address = await chain.createAccount(
      keyIds.map((keyId, index) => ({
        signer: createAwsKmsSigner({ client: kms.client, keyId }),
        weight: weights[index] ?? 0,
        hashAlgorithm: index % 2 === 0 ? 'SHA3_256' : 'SHA2_256',
      })),
    )
    const authorizer = new KmsAuthorizer(kms.client, keyIds, { accessNode: chain.url })
    accounts.set(name, { address, keyIds, authorizer })
  }
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

const account = (name: string) => {
  const found = accounts.get(name)
  if (found === undefined) throw new Error(`no account ${name}`)
  return found
}

/** Sends and counts the KMS Sign calls of this one transaction. */
async function sendCounting(fcl: Fcl, mutation: Mutation) {
  const before = kms.calls.get('Sign') ?? 0
  const outcome = await chain.send(mutation, fcl)
  return { ...outcome, signCalls: (kms.calls.get('Sign') ?? 0) - before }
}

const twoAuthorizers = 'transaction { prepare(first: &Account, second: &Account) {} }'
const threeAuthorizers =
  'transaction { prepare(first: &Account, second: &Account, third: &Account) {} }'

describe.each(fclPackages)('fcl.mutate of %s', (fclName) => {
  let fcl: Fcl
  beforeAll(async () => {
    fcl = await loadFcl(fclName)
    fcl.config({ 'accessNode.api': chain.url })
  })

  describe.each(Object.entries(layouts))('on an account of weights %s', (name, { signatures }) => {
    let authz: Authz
    beforeAll(() => {
      const { authorizer, address } = account(name)
      authz = authorizer.authorize(address)
    })

    it('seals with the account in all roles', async () => {
      const { errorCodes, signCalls } = await sendCounting(fcl, { cadence: noop, authz })
      expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: signatures })
    })

    it('seals with the account as payer only', async () => {
      const { service } = chain
      const { errorCodes, signCalls } = await sendCounting(fcl, {
        cadence: noop,
        proposer: service,
        payer: authz,
        authorizations: [service],
      })
      expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: signatures })
    })

    it('seals with the account as proposer only, signed by one key', async () => {
      const { service } = chain
      const { errorCodes, signCalls } = await sendCounting(fcl, {
        cadence: noop,
        proposer: authz,
        payer: service,
        authorizations: [service],
      })
      expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: 1 })
    })

    it('seals with the account as authorizer only', async () => {
      const { service } = chain
      const { errorCodes, signCalls } = await sendCounting(fcl, {
        cadence: noop,
        proposer: service,
        payer: service,
        authorizations: [authz],
      })
      expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: signatures })
    })

    it('seals with the account as proposer and authorizer while another pays', async () => {
      const { errorCodes, signCalls } = await sendCounting(fcl, {
        cadence: noop,
        proposer: authz,
        payer: chain.service,
        authorizations: [authz],
      })
      expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: signatures })
    })

    it('seals with the proposer on the last key of the payer’s account', async () => {
      const { authorizer, address, keyIds } = account(name)
      const { errorCodes } = await sendCounting(fcl, {
        cadence: noop,
        proposer: authorizer.authorize(address, keyIds.length - 1),
        payer: authz,
        authorizations: [authz],
      })
      expect(errorCodes).toEqual([])
      expect(await chain.sequenceNumber(address, keyIds.length - 1)).toBeGreaterThan(0)
    })
  })

  it('seals with three accounts in three roles', async () => {
    const [proposer, payer, authorizer] = ['500+500', '400+300+300', '999+1'].map((name) => {
      const found = account(name)
      return found.authorizer.authorize(found.address)
    })
    const { errorCodes, signCalls } = await sendCounting(fcl, {
      cadence: noop,
      proposer,
      payer,
      authorizations: [authorizer],
    })
    expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: 1 + 3 + 2 })
  })

  it('seals with several authorizers, one of them the payer', async () => {
    const [a, b, c] = ['500+500', '400+300+300', '1000+0'].map((name) => {
      const found = account(name)
      return found.authorizer.authorize(found.address)
    })
    const { errorCodes, signCalls } = await sendCounting(fcl, {
      cadence: threeAuthorizers,
      proposer: a,
      payer: b,
      authorizations: [a, b, c],
    })
    expect({ errorCodes, signCalls }).toEqual({ errorCodes: [], signCalls: 2 + 3 + 1 })
  })

  it('is refused by the chain with 1055 when one key of 500+500 signs alone', async () => {
    const { authorizer, address } = account('500+500')
    const { errorCodes } = await chain.send(
      { cadence: noop, authz: authorizer.authorize(address, 0) },
      fcl,
    )
    expect(errorCodes).toContain(1055)
  })

  it('is refused by the chain with 1006 when a bit of one signature is flipped', async () => {
    const { authorizer, address } = account('500+500')
    const { errorCodes } = await chain.send(
      { cadence: noop, authz: flipping(authorizer.authorize(address)) },
      fcl,
    )
    expect(errorCodes).toContain(1006)
  })

  it('fails in the script when the number of authorizers is wrong, and says so', async () => {
    const { authorizer, address } = account('1000+0')
    const { errorCodes } = await chain.send(
      { cadence: twoAuthorizers, authz: authorizer.authorize(address) },
      fcl,
    )
    expect(errorCodes.length).toBeGreaterThan(0)
  })
})

/** The same authorization with one bit of the first key's signature flipped after signing. */
function flipping(authz: Authz): unknown {
  return async (given: never, preSignable: never) => {
    const [first, ...rest] = await authz(given, preSignable)
    if (first === undefined) return rest
    const { signingFunction } = first
    return [
      {
        ...first,
        signingFunction: async (signable: never) => {
          const composite = await signingFunction(signable)
          const last = Number.parseInt(composite.signature.slice(-1), 16) ^ 1
          return { ...composite, signature: composite.signature.slice(0, -1) + last.toString(16) }
        },
      },
      ...rest,
    ]
  }
}
