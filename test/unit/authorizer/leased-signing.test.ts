/** Which keys sign with a leased proposal key, what the pool is told, and when the key comes back. */
import { transactionId } from '../../../src/crypto/transaction.ts'
import { type Cast, play, type Resolve } from '../../support/fcl-player.ts'
import {
  authorizerOf,
  block,
  createKey,
  createSource,
  other,
  ours,
  startAccounts,
} from './leased-world.ts'

/** Our account of two keys that weigh 500 each and a copy of the first, and another of one key. */
async function startWorld() {
  const signed: string[] = []
  const [minter, approver, payer] = [
    createKey('minter', signed),
    createKey('approver', signed),
    createKey('payer', signed),
  ]
  const node = await startAccounts({
    [ours]: [
      { key: minter, weight: 500 },
      { key: approver, weight: 500 },
      { key: minter, weight: 0 },
    ],
    [other]: [{ key: payer, weight: 1_000 }],
  })
  const authorizer = authorizerOf([minter, approver, payer], node.url)
  const lending = createSource(2)
  return {
    signed,
    minter,
    approver,
    payer,
    ...lending,
    authorizer,
    elsewhere: (...keys: (typeof minter)[]) => authorizerOf(keys, node.url),
    pooled: authorizer.authorize(ours, { proposalKeys: lending.source }),
    second: authorizer.authorize(other),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}
type World = Awaited<ReturnType<typeof startWorld>>

const alone = (one: Resolve): Cast => ({ proposer: one, payers: [one], authorizers: [one] })
const send = async (cast: Cast) => (await play(cast, 'transaction {}')).sign(block)
const names = (slots: readonly { address: string; keyIndex: number }[]) =>
  slots.map(({ address, keyIndex }) => `${address === ours ? 'ours' : 'other'} ${keyIndex}`)

describe('a transaction of the account of the pool and another of the same authorizer', () => {
  const casts: readonly [string, (world: World) => Cast][] = [
    [
      'authorizes',
      ({ pooled, second }) => ({ proposer: pooled, payers: [pooled], authorizers: [second] }),
    ],
    [
      'authorizes as well',
      ({ pooled, second }) => ({
        proposer: pooled,
        payers: [pooled],
        authorizers: [second, pooled],
      }),
    ],
    [
      'pays',
      ({ pooled, second }) => ({ proposer: pooled, payers: [second], authorizers: [pooled] }),
    ],
    [
      'pays and authorizes',
      ({ pooled, second }) => ({
        proposer: pooled,
        payers: [second],
        authorizers: [second, pooled],
      }),
    ],
  ]
  it.each(casts)('is committed once, by its id, when the other %s', async (_, cast) => {
    await using world = await startWorld()
    const transaction = await send(cast(world))
    expect(world.told).toEqual(['lent', 'committed'])
    expect(world.commits).toEqual([
      { transactionId: transactionId(transaction), referenceBlockId: block },
    ])
  })

  it('is none of the business of the pool when the other is alone in it', async () => {
    await using world = await startWorld()
    const transaction = await send(alone(world.second))
    expect(names(transaction.envelopeSignatures)).toEqual(['other 0'])
    expect(world.told).toEqual([])
  })

  it('does not commit for a signature of the other', async () => {
    await using world = await startWorld()
    world.minter.broken = true
    const { pooled, second } = world
    await expect(
      send({ proposer: pooled, payers: [pooled], authorizers: [second] }),
    ).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('gives the key back when the other cannot pay, since nobody can send it', async () => {
    await using world = await startWorld()
    world.payer.broken = true
    const { pooled, second } = world
    await expect(
      send({ proposer: pooled, payers: [second], authorizers: [pooled] }),
    ).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('gives the key back when the other proposes', async () => {
    await using world = await startWorld()
    const { pooled, second } = world
    await send({ proposer: second, payers: [pooled], authorizers: [second] })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('commits without an id before others can send what was signed', async () => {
    await using world = await startWorld()
    const payer = world.elsewhere(world.payer).authorize(other)
    world.payer.broken = true
    const { pooled } = world
    await expect(
      send({ proposer: pooled, payers: [payer], authorizers: [pooled] }),
    ).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    expect(world.told).toEqual(['lent', 'committed'])
    expect(world.commits).toEqual([{ transactionId: undefined, referenceBlockId: block }])
  })

  it('commits for a payload whose envelope is not told', async () => {
    await using world = await startWorld()
    const { pooled, second } = world
    const reticent: Resolve = async (...given) => {
      const resolve: Resolve = pooled
      return (await resolve(...given)).map((one) => ({
        ...one,
        signingFunction: ({ message, voucher }) =>
          one.signingFunction({ message, voucher: { ...Object(voucher), envelopeSigs: [] } }),
      }))
    }
    await send({ proposer: reticent, payers: [second], authorizers: [reticent] })
    expect(world.commits).toEqual([{ transactionId: undefined, referenceBlockId: block }])
  })

  it('signs both parts when the account is in both, and others pay with it', async () => {
    await using world = await startWorld()
    const { authorizer, source } = world
    const proposer = authorizer.authorize(ours, { proposalKeys: source, keyIndexes: 1 })
    const payer = authorizer.authorize(ours, 0)
    const wallet = world.elsewhere(world.approver).authorize(ours, 1)
    await send({ proposer, payers: [payer, wallet], authorizers: [] })
    expect(world.told).toEqual(['lent', 'committed'])
    expect(world.commits[0]?.transactionId).toBeUndefined()
  })
})

describe('the keys that sign with a pool', () => {
  it('are those selected and the leased one', async () => {
    await using world = await startWorld()
    const { authorizer, source } = world
    const authz = authorizer.authorize(ours, { proposalKeys: source, keyIndexes: [1] })
    const transaction = await send(alone(authz))
    expect(names(transaction.envelopeSignatures).sort()).toEqual(['ours 1', 'ours 2'])
  })

  it('are not those of an approver that the authorizer holds and did not select', async () => {
    await using world = await startWorld()
    const { authorizer, source } = world
    const authz = authorizer.authorize(ours, { proposalKeys: source, keyIndexes: [0] })
    const asked: string[] = []
    const wallet = world.elsewhere({
      ...world.approver,
      sign(request) {
        asked.push('wallet')
        return world.approver.sign(request)
      },
    })
    const approved: Resolve = wallet.authorize(ours, 1)
    await send({ proposer: authz, payers: [authz, approved], authorizers: [authz] })
    expect([asked, world.signed.sort()]).toEqual([['wallet'], ['approver', 'minter']])
    expect(world.commits).toEqual([{ transactionId: undefined, referenceBlockId: block }])
  })

  it('make the id together when two functions of one authorizer select them', async () => {
    await using world = await startWorld()
    const { authorizer, source } = world
    const authz = authorizer.authorize(ours, { proposalKeys: source, keyIndexes: [0] })
    const approved = authorizer.authorize(ours, [1])
    const transaction = await send({ proposer: authz, payers: [authz, approved], authorizers: [] })
    expect(world.commits).toEqual([
      { transactionId: transactionId(transaction), referenceBlockId: block },
    ])
    expect(world.signed.sort()).toEqual(['approver', 'minter'])
  })
})

describe('a leased key', () => {
  it('signs nothing when its lease is lost', async () => {
    await using world = await startWorld()
    const resolved = await play(alone(world.pooled), 'transaction {}')
    world.state.lost = true
    await expect(resolved.sign(block)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(world.signed).toEqual([])
  })

  it('signs nothing with another sequence number than its own', async () => {
    await using world = await startWorld()
    const renumbered: Resolve = async (...given) => {
      const resolve: Resolve = world.pooled
      return (await resolve(...given)).map((one) =>
        one.sequenceNum === null ? one : { ...one, sequenceNum: 6 },
      )
    }
    await expect(send(alone(renumbered))).rejects.toMatchObject({ code: 'MESSAGE_MISMATCH' })
    expect([world.signed, world.told]).toEqual([[], ['lent', 'given back']])
  })

  it.each([
    ['the choice of its keys', { keyIndexes: [9] }, 'KEY_INDEX_UNKNOWN'],
    ['the choice of an authorizer', { keyIndexes: [0] }, 'KEY_INDEX_UNKNOWN'],
  ])('is given back when %s fails', async (name, selection, code) => {
    await using world = await startWorld()
    const { authorizer, source } = world
    const authz = authorizer.authorize(ours, { proposalKeys: source, ...selection })
    const failing = name.includes('authorizer') ? authorizer.authorize(other, 7) : authz
    await expect(
      send({ proposer: authz, payers: [authz], authorizers: [failing] }),
    ).rejects.toMatchObject({ code })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('is given back when the account that was read has no key of ours', async () => {
    await using world = await startWorld()
    const authz = world.elsewhere(world.payer).authorize(ours, { proposalKeys: world.source })
    await expect(send(alone(authz))).rejects.toMatchObject({ code: 'NO_KEY_HELD' })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('is given back when FCL asks for another message than the transaction', async () => {
    await using world = await startWorld()
    const forged: Resolve = async (...given) => {
      const resolve: Resolve = world.pooled
      return (await resolve(...given)).map((one) => ({
        ...one,
        signingFunction: (signable) => one.signingFunction({ ...signable, message: 'ab' }),
      }))
    }
    await expect(send(alone(forged))).rejects.toMatchObject({ code: 'MESSAGE_MISMATCH' })
    expect(world.told).toEqual(['lent', 'given back'])
  })

  it('can be had at another try when the pool had none at first', async () => {
    await using world = await startWorld()
    const { authorizer, source } = world
    let denials = 1
    const lease: typeof source.lease = async () => {
      if (denials-- > 0) throw new RangeError('none is free')
      return source.lease()
    }
    const proposalKeys = { address: ours, lease }
    const resolve: Resolve = authorizer.authorize(ours, { proposalKeys })
    const patient: Resolve = async (...given) => resolve(...given).catch(() => resolve(...given))
    await send(alone(patient))
    expect(world.told).toEqual(['lent', 'committed'])
  })

  it('is leased anew when the roles are asked again after a failure, and the first signs nothing', async () => {
    await using world = await startWorld()
    const resolve: Resolve = world.pooled
    const failing: Resolve = world.authorizer.authorize(ours, 9)
    const interaction = {}
    const role = { proposer: true, payer: true, authorizer: false }
    await resolve({ role }, { interaction })
    await expect(failing({ role }, { interaction })).rejects.toMatchObject({
      code: 'KEY_INDEX_UNKNOWN',
    })
    await resolve({ role }, { interaction })
    expect(world.told).toEqual(['lent', 'given back', 'lent'])
  })
})
