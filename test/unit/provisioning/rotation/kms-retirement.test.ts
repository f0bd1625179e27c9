import type { KmsRetirementOptions } from '../../../../src/provisioning/rotation/retirement/kms-retirement.ts'
import { REMOTE_SECRET, refusal } from '../kms-endpoint.ts'
import {
  ACCOUNT,
  ago,
  askedFor,
  code,
  OTHER_ACCOUNT,
  openRetirementWorld,
  type RetirementWorld,
  tagOf,
  trailOf,
} from './retirement-world.ts'

const stillUsed = (world: RetirementWorld, reason: string) =>
  code('KEY_STILL_USED', { reference: world.oldArn, reason: expect.stringContaining(reason) })
const denied = refusal('AccessDeniedException')

describe('an alias', () => {
  it('goes from the old key to the new one, and is there when it is moved again', async () => {
    await using world = await openRetirementWorld()
    const { kms, oldArn, newArn } = world
    kms.setAlias('alias/minter', oldArn)
    const { moveAlias } = world.retirement()
    expect(await moveAlias({ reference: newArn })).toMatchObject({ done: true })
    expect(kms.aliasTarget('alias/minter')).toBe(newArn)
    expect(await moveAlias({ reference: newArn })).toEqual({
      done: true,
      text: expect.stringContaining('already'),
    })
    expect(kms.count('UpdateAlias')).toBe(1)
  })

  it('is moved once when the answer was lost', async () => {
    await using world = await openRetirementWorld()
    world.kms.setAlias('alias/minter', world.oldArn)
    world.kms.next('UpdateAlias', (usual) => {
      usual()
      return 'drop'
    })
    await world.retirement().moveAlias({ reference: world.newArn })
    expect(world.kms.aliasTarget('alias/minter')).toBe(world.newArn)
  })

  it('that names a third key is left', async () => {
    await using world = await openRetirementWorld()
    const third = world.kms.addKey()
    world.kms.setAlias('alias/minter', third)
    await expect(world.retirement().moveAlias({ reference: world.newArn })).rejects.toEqual(
      code('ALIAS_FOREIGN', { alias: 'alias/minter', keyArn: third }),
    )
    expect(world.kms.aliasTarget('alias/minter')).toBe(third)
  })

  it('that does not exist is told', async () => {
    await using world = await openRetirementWorld()
    await expect(world.retirement().moveAlias({ reference: world.newArn })).rejects.toEqual(
      code('KEY_NOT_FOUND', { keyId: 'alias/minter' }),
    )
  })

  it.each([
    ['is no KMS key', () => 'alice.0123456789abcdef'],
    ['is of another Region', (arn: string) => arn.replace('us-east-1', 'eu-central-1')],
    ['is of another account', (arn: string) => arn.replace('111122223333', '444455556666')],
  ])('stops the rotation before the old key is disabled when the new one %s', async (_, change) => {
    await using world = await openRetirementWorld()
    world.kms.setAlias('alias/minter', world.oldArn)
    const moved = world.retirement().moveAlias({ reference: change(world.newArn) })
    await expect(moved).rejects.toEqual(code('INVALID_OPTION', { option: 'alias' }))
    expect(world.kms.count('UpdateAlias')).toBe(0)
  })

  it('of which nothing was said is no part of it', async () => {
    await using world = await openRetirementWorld()
    const { alias: _, ...options } = {
      client: world.kms.client,
      keyId: world.oldArn,
      accessNode: world.node.url,
      alias: '',
    }
    const { kmsRetirement } = await import(
      '../../../../src/provisioning/rotation/retirement/kms-retirement.ts'
    )
    expect(kmsRetirement(options)).not.toHaveProperty('moveAlias')
  })
})

describe('the tags of an account', () => {
  const facts = (world: RetirementWorld) => ({
    chainId: 'flow-emulator',
    address: ACCOUNT,
    newReference: world.newArn,
    newKeys: [
      { keyIndex: 1, weight: 0 },
      { keyIndex: 2, weight: 1000 },
    ],
  })

  it('go to the new key, and off the old one once the chain has revoked it', async () => {
    await using world = await openRetirementWorld()
    const { kms, oldArn, newArn } = world
    kms.setTags(oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000', team: 'drops' })
    for (const _ of [1, 2])
      expect(await world.retirement().tagAccount(facts(world))).toMatchObject({ done: true })
    expect(kms.tags(newArn)).toEqual({ [tagOf(ACCOUNT)]: 'index=1 weight=0 / index=2 weight=1000' })
    expect(kms.tags(oldArn)).toEqual({ team: 'drops' })
    expect(kms.count('UntagResource')).toBe(1)
  })

  it('are left to the vault of the new key where that has written them', async () => {
    await using world = await openRetirementWorld()
    const { kms, oldArn, newArn } = world
    kms.setTags(oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000' })
    await world.retirement().tagAccount({ ...facts(world), newKeyTagged: true })
    expect({ old: kms.tags(oldArn), new: kms.tags(newArn) }).toEqual({ old: {}, new: {} })
  })

  it('stay on the old key while the chain has it unrevoked', async () => {
    await using world = await openRetirementWorld()
    world.kms.setTags(world.oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000' })
    world.onAccount(false)
    expect(await world.retirement().tagAccount(facts(world))).toEqual({
      done: false,
      text: expect.stringContaining('unrevoked at index 0'),
    })
    expect(world.kms.count('UntagResource')).toBe(0)
  })

  it('are not judged by a node of another chain', async () => {
    await using world = await openRetirementWorld()
    world.kms.setTags(world.oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000' })
    world.node.chainId = 'flow-testnet'
    await expect(world.retirement().tagAccount(facts(world))).rejects.toEqual(
      code('CHAIN_MISMATCH'),
    )
    expect(world.kms.count('UntagResource')).toBe(0)
  })

  it.each(['TagResource', 'ListResourceTags', 'UntagResource'])(
    'are told and stop nothing when %s is denied',
    async (operation) => {
      await using world = await openRetirementWorld()
      world.kms.setTags(world.oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000' })
      world.kms.always(operation, denied)
      const note = await world.retirement().tagAccount(facts(world))
      expect(note).toEqual({ done: false, text: expect.stringContaining('KMS_ACCESS_DENIED') })
      expect(note.text).not.toContain(REMOTE_SECRET)
    },
  )

  it.each([
    ['another Region', (arn: string) => arn.replace('us-east-1', 'eu-central-1')],
    ['another account', (arn: string) => arn.replace('111122223333', '444455556666')],
  ])('are not put on a new key of %s, and that is told', async (_, change) => {
    await using world = await openRetirementWorld()
    const elsewhere = { ...facts(world), newReference: change(world.newArn) }
    expect(await world.retirement().tagAccount(elsewhere)).toMatchObject({ done: false })
    expect(world.kms.count('TagResource')).toBe(0)
  })

  it('leave a new key alone that is none of KMS', async () => {
    await using world = await openRetirementWorld()
    const elsewhere = { ...facts(world), newReference: 'alice.0123456789abcdef' }
    expect(await world.retirement().tagAccount(elsewhere)).toMatchObject({ done: true })
    expect(world.kms.count('TagResource')).toBe(0)
  })

  it('are left when the public key of the old key is not told', async () => {
    await using world = await openRetirementWorld()
    world.kms.setTags(world.oldArn, { [tagOf(ACCOUNT)]: 'index=0 weight=1000' })
    world.kms.always('GetPublicKey', refusal('DisabledException'))
    expect(await world.retirement().tagAccount(facts(world))).toMatchObject({ done: false })
    expect(world.kms.count('UntagResource')).toBe(0)
  })

  it('stay on a key that waits for its deletion', async () => {
    await using world = await openRetirementWorld()
    world.kms.setFacts(world.oldArn, { KeyState: 'PendingDeletion' })
    expect(await world.retirement().tagAccount(facts(world))).toMatchObject({ done: true })
    expect(world.kms.count('ListResourceTags')).toBe(0)
  })
})

describe('the old key', () => {
  it('is disabled, found unused and deleted in 30 days, each time it is asked', async () => {
    await using world = await openRetirementWorld()
    const { kms, oldArn } = world
    const { disable, unused, remove } = world.retirement({ publicKey: world.publicKey })
    const check = ago(8)
    for (const _ of [1, 2]) expect(await disable(check)).toMatchObject({ done: true })
    expect(kms.facts(oldArn)).toMatchObject({ KeyState: 'Disabled' })
    kms.always('GetPublicKey', refusal('DisabledException')) // as KMS may
    expect(await unused(check)).toMatchObject({ unused: true, note: { done: true } })
    expect(await remove(check)).toEqual({
      done: true,
      text: expect.stringContaining('scheduled for'),
    })
    expect(await remove(check)).toEqual({ done: true, text: expect.stringContaining('already') })
    expect(kms.inputs('ScheduleKeyDeletion')).toEqual([{ KeyId: oldArn, PendingWindowInDays: 30 }])
    expect(kms.count('DisableKey')).toBe(1)
    expect(await disable(check)).toMatchObject({ done: true })
    expect(await unused(check)).toMatchObject({ unused: true })
    kms.always('DescribeKey', refusal('NotFoundException')) // 30 days later
    for (const part of [disable, remove])
      expect(await part(check)).toEqual({
        done: true,
        text: expect.stringContaining('no such key'),
      })
    expect(await unused(check)).toMatchObject({ unused: true })
  })

  it('is deleted once when the answer was lost', async () => {
    await using world = await openRetirementWorld()
    world.kms.next('ScheduleKeyDeletion', (usual) => {
      usual()
      return 'drop'
    })
    const { remove } = world.retirement({ pendingWindowInDays: 7 })
    expect(await remove(ago(8))).toMatchObject({ done: true })
    expect(world.kms.count('ScheduleKeyDeletion')).toBe(2)
  })

  it('is not told as deleted when KMS refuses for another reason', async () => {
    await using world = await openRetirementWorld()
    world.kms.always('ScheduleKeyDeletion', refusal('KMSInvalidStateException'))
    await expect(world.retirement().remove(ago(8))).rejects.toEqual(code('KEY_STATE_INVALID'))
  })

  const reasons: readonly [
    string,
    string,
    (world: RetirementWorld) => Partial<KmsRetirementOptions>,
  ][] = [
    [
      'an account that was named has it',
      `account ${ACCOUNT} of flow-emulator has it unrevoked at index 0`,
      (world) => {
        world.onAccount(false)
        return {}
      },
    ],
    [
      'an account of its tags has it',
      `account ${OTHER_ACCOUNT} of flow-emulator has it unrevoked`,
      (world) => {
        world.onAccount(false, OTHER_ACCOUNT)
        world.kms.setTags(world.oldArn, { [tagOf(OTHER_ACCOUNT)]: 'index=3 weight=10' })
        return {}
      },
    ],
    [
      'a tag names an account of another chain',
      'fcl-kms:account:flow-mainnet:',
      (world) => {
        world.kms.setTags(world.oldArn, { [tagOf(ACCOUNT, 'flow-mainnet')]: 'index=0 weight=10' })
        return {}
      },
    ],
    [
      'an account that was named does not exist',
      'correct addresses',
      () => ({ addresses: [OTHER_ACCOUNT] }),
    ],
    [
      'its public key is neither told nor given',
      'pass it as publicKey',
      (world) => {
        world.kms.always('GetPublicKey', refusal('DisabledException'))
        return {}
      },
    ],
  ]
  it.each(reasons)('is neither disabled nor deleted when %s', async (_, reason, prepare) => {
    await using world = await openRetirementWorld()
    const { disable, remove } = world.retirement(prepare(world))
    for (const part of [disable, remove])
      await expect(part(ago(8))).rejects.toEqual(stillUsed(world, reason))
    for (const operation of ['DisableKey', 'ScheduleKeyDeletion'])
      expect(world.kms.count(operation)).toBe(0)
  })

  it('ends though a tag names an account that the chain says it is not on', async () => {
    await using world = await openRetirementWorld()
    world.kms.setTags(world.oldArn, {
      [tagOf(OTHER_ACCOUNT)]: 'index=0 weight=1000',
      [tagOf(world.node.payer.address)]: 'index=0 weight=1000',
    })
    const { disable, remove } = world.retirement()
    await disable(ago(8))
    await remove(ago(8))
    expect(world.kms.facts(world.oldArn)).toMatchObject({ KeyState: 'PendingDeletion' })
  })

  it.each([
    ['the node is of another chain', 'CHAIN_MISMATCH', { chainId: 'flow-mainnet' }],
    ['the public key is another', 'INVALID_OPTION', { publicKey: '0'.repeat(128) }],
  ])('is left when %s', async (_, expected, options) => {
    await using world = await openRetirementWorld()
    const { disable, remove } = world.retirement(options)
    for (const part of [disable, remove]) await expect(part(ago(8))).rejects.toEqual(code(expected))
    expect(world.kms.count('DisableKey')).toBe(0)
  })

  it.each([
    ['its tags are denied', 'ListResourceTags', denied],
    ['its state is denied', 'DescribeKey', denied],
  ])('is left when %s', async (_, operation, step) => {
    await using world = await openRetirementWorld()
    const { disable, remove } = world.retirement()
    world.kms.always(operation, step)
    for (const part of [disable, remove])
      await expect(part(ago(8))).rejects.toEqual(code('KMS_ACCESS_DENIED', { operation }))
  })

  it('is not taken for deleted by a client of another Region', async () => {
    await using world = await openRetirementWorld()
    const { disable, unused, remove } = world.retirement({
      keyId: world.oldArn.replace('us-east-1', 'eu-central-1'),
    })
    for (const part of [disable, unused, remove])
      await expect(part(ago(8))).rejects.toEqual(code('KEY_REGION_MISMATCH'))
  })

  const copies = (primary: string, ...replicas: readonly string[]) => ({
    MultiRegion: true,
    MultiRegionConfiguration: {
      PrimaryKey: { Region: primary },
      ReplicaKeys: replicas.map((Region) => ({ Region })),
    },
  })
  it('is not deleted while it has replicas, which KMS would wait for without an end', async () => {
    await using world = await openRetirementWorld()
    world.kms.setFacts(world.oldArn, copies('us-east-1', 'eu-west-1', 'eu-north-1'))
    const { disable, remove } = world.retirement()
    expect((await disable(ago(8))).text).toContain('in eu-west-1, eu-north-1 are as they were')
    await expect(remove(ago(8))).rejects.toEqual(
      stillUsed(world, 'replicas in eu-west-1, eu-north-1'),
    )
    expect(world.kms.count('ScheduleKeyDeletion')).toBe(0)
  })

  it('is deleted as a replica, or as a primary that is alone', async () => {
    for (const facts of [copies('eu-west-1', 'us-east-1'), copies('us-east-1')]) {
      await using world = await openRetirementWorld()
      world.kms.setFacts(world.oldArn, facts)
      expect(await world.retirement().remove(ago(8))).toMatchObject({ done: true })
    }
  })

  it('stops when it is told to', async () => {
    await using world = await openRetirementWorld()
    const { disable, unused, remove } = world.retirement()
    const check = { ...ago(8), signal: AbortSignal.abort(new Error('not any more')) }
    for (const part of [disable, unused, remove])
      await expect(part(check)).rejects.toThrow('not any more')
    expect(world.kms.count('DisableKey')).toBe(0)
  })
})

describe('kmsRetirement', () => {
  it.each([
    ['an alias for a key', 'INVALID_KEY_ID', { keyId: 'alias/minter' }],
    [
      'a key id without its ARN',
      'INVALID_KEY_ID',
      { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' },
    ],
    ['a public key in capitals', 'INVALID_OPTION', { publicKey: 'A'.repeat(128) }],
    ['an alias without alias/', 'INVALID_OPTION', { alias: 'minter' }],
    ['half a day', 'INVALID_OPTION', { unusedForDays: 0.5 }],
    ['366 days', 'INVALID_OPTION', { unusedForDays: 366 }],
    ['a deletion in 6 days', 'INVALID_OPTION', { pendingWindowInDays: 6 }],
    ['a deletion in 31 days', 'INVALID_OPTION', { pendingWindowInDays: 31 }],
    ['no access node', 'INVALID_OPTION', { accessNode: '' }],
    ['an address that is none', 'INVALID_ADDRESS', { addresses: ['minter'] }],
    ['one address', 'INVALID_OPTION', { addresses: ACCOUNT as unknown as string[] }],
    ['a number for a chain', 'INVALID_OPTION', { chainId: 5 as unknown as string }],
    ['a text for a trail', 'INVALID_OPTION', { trail: 'us-east-1' as unknown as object }],
    ['a misspelt option', 'INVALID_OPTION', { alais: 'alias/minter' } as object],
  ] as const)('refuses %s', async (_, expected, wrong) => {
    await using world = await openRetirementWorld()
    expect(() => world.retirement(wrong)).toThrow(code(expected))
    expect(world.kms.count('DescribeKey')).toBe(0)
  })

  it('names the key that it is about', async () => {
    await using world = await openRetirementWorld()
    expect(world.retirement()).toMatchObject({ kind: 'aws-kms', reference: world.oldArn })
  })

  it('leaves a key that was used a while ago, and says by whom', async () => {
    await using world = await openRetirementWorld()
    const trail = trailOf([askedFor(world.oldArn, 2, { errorCode: 'DisabledException' })]).client
    await expect(world.retirement({ trail }).remove(ago(30))).rejects.toEqual(
      stillUsed(world, 'assumed-role/minter/one asked for Sign with it, and was refused'),
    )
    expect(world.kms.count('ScheduleKeyDeletion')).toBe(0)
  })
})
