import { createPolicy } from '../../../src/policy/index.ts'
import { prepareTransaction, signTransaction } from '../../../src/transactions/index.ts'
import { address, startWorld } from './world.ts'

const prepared = async (world: Awaited<ReturnType<typeof startWorld>>) =>
  (await prepareTransaction(world.options)).transaction

describe('signTransaction', () => {
  it('signs in part only when asked to, with all that is held', async () => {
    await using world = await startWorld()
    const transaction = await prepared(world)
    const [, authorizer] = world.holders
    if (authorizer === undefined) throw new Error('no holder')
    const base = { authorizer, address, transaction }
    await expect(signTransaction(base)).rejects.toMatchObject({ code: 'WEIGHT_TOO_LOW' })
    for (const choice of [
      { partial: true },
      { keyIndexes: 1 },
      { keyIndexes: [1], partial: true },
    ]) {
      const { envelopeSignatures } = await signTransaction({ ...base, ...choice })
      expect(envelopeSignatures.map(({ keyIndex }) => keyIndex)).toEqual([1])
    }
    await expect(signTransaction({ ...base, keyIndexes: 0 })).rejects.toMatchObject({
      code: 'KEY_NOT_HELD',
    })
  })

  it('signs in full with the fewest keys, whatever partial says', async () => {
    await using world = await startWorld()
    const transaction = await prepared(world)
    const base = { authorizer: world.both, address, transaction }
    for (const partial of [false, true])
      expect((await signTransaction({ ...base, partial })).envelopeSignatures).toHaveLength(2)
  })

  it('asks the policy before anything else, and takes nothing but nothing for a yes', async () => {
    await using world = await startWorld()
    const transaction = await prepared(world)
    const base = { authorizer: world.both, address, transaction }
    const asked = world.node.calls.length
    const { cadence } = transaction
    const script = { name: 'n', cadence, parameters: ['Int'], maxComputeLimit: 99 }
    const rules = { chainId: 'flow-emulator', accounts: [address], scripts: [script] }
    await expect(signTransaction({ ...base, policy: createPolicy(rules) })).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
    })
    for (const said of [false, true, null, 'no', {}, []]) {
      const policy = () => said as unknown as undefined // as JavaScript would call it
      await expect(signTransaction({ ...base, policy })).rejects.toMatchObject({
        code: 'POLICY_FAILED',
      })
    }
    const throwing = () => {
      throw new Error('hunter2')
    }
    await expect(signTransaction({ ...base, policy: throwing })).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      message: expect.not.stringContaining('hunter2'),
    })
    expect(world.node.calls).toHaveLength(asked)
    const allowing = createPolicy({ ...rules, scripts: [{ ...script, maxComputeLimit: 100 }] })
    await expect(signTransaction({ ...base, policy: allowing })).resolves.toBeDefined()
  })

  it('asks no signer for what has expired, was used, or is signed wrongly', async () => {
    await using world = await startWorld()
    const transaction = await prepared(world)
    const base = { authorizer: world.both, address, transaction }
    world.node.latestHeight = 610
    await expect(signTransaction(base)).rejects.toMatchObject({ code: 'TRANSACTION_EXPIRED' })
    world.node.latestHeight = 9
    world.node.numberAt = () => '8'
    await expect(signTransaction(base)).rejects.toMatchObject({ code: 'SEQUENCE_NUMBER_MISMATCH' })
    world.node.numberAt = () => '7'
    const bad = { address, keyIndex: 1, signature: new Uint8Array(64).fill(1) }
    const spoilt = { ...transaction, envelopeSignatures: [bad] }
    await expect(signTransaction({ ...base, transaction: spoilt })).rejects.toMatchObject({
      code: 'SIGNATURE_REFUSED',
    })
  })

  it('refuses an account without a role, and options that are none', async () => {
    await using world = await startWorld()
    const transaction = await prepared(world)
    const base = { authorizer: world.both, address, transaction }
    for (const wrong of [
      { address: '0x01cf0e2f2f715450' },
      { partial: 'yes' },
      { policy: {} },
      { limit: 5 },
      { authorizer: {} },
    ])
      await expect(
        signTransaction({ ...base, ...(wrong as object) }), // as JavaScript would call it
      ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
