import { KmsAuthorizer, type Signer, SignerError } from '../../src/index.ts'
import {
  abortRotation,
  type RotationReport,
  resumeRotation,
  rotateKey,
  rotationStatus,
} from '../../src/provisioning/index.ts'
import { createMemoryStore } from '../../src/stores/index.ts'
import { sendTransaction, signTransaction } from '../../src/transactions/index.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import {
  holding,
  ROTATED_KEYS,
  type RotatedAccount,
  refusal,
  rotated,
  rotatedAccount,
  send,
  software,
  twoHolders,
  untouched,
} from '../support/key-rotation.ts'
import { until } from '../support/until.ts'

const EXPIRY = 40

let chain: FlowChain

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  chain = await startChain({ transactionExpiry: EXPIRY })
})

afterAll(() => chain?.[Symbol.asyncDispose]())

type Two = RotatedAccount & { readonly two: ReturnType<typeof software> }

/** The process of the first holder; blocks of the chain are few until a transaction expires. */
const firstOf = async (): Promise<Two> => {
  const account = await twoHolders(chain, (one) => [one])
  const more = { transactionExpiry: EXPIRY }
  return {
    ...account,
    options: { ...account.options, ...more },
    resuming: { ...account.resuming, ...more },
    aborting: { ...account.aborting, ...more },
  }
}

/** What the second holder signs, in a process of its own. */
const signedBy = async ({ address, two }: Two, { toSign }: RotationReport) => {
  if (toSign === undefined) throw new Error('there is nothing to sign')
  const authorizer = holding(chain, two)
  return signTransaction({ authorizer, address, transaction: toSign.transaction, partial: true })
}

const heightNow = async () => {
  const reply = await fetch(`${chain.url}/v1/blocks?height=sealed`)
  const [block]: { header: { height: string } }[] = JSON.parse(await reply.text())
  return Number(block?.header.height)
}

describe('two parties that never share a process', () => {
  it('rotate the key of one, transaction by transaction', async () => {
    const account = await firstOf()
    const { address, options, resuming, shares, keyCount } = account
    const store = createMemoryStore()
    const copies = [2, 3].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n }))
    await store.enrollKeys(address, copies)
    const pools = [{ store }]
    const purposes: string[] = []
    let report = await rotateKey({ ...options, pools })
    while (report.state === 'waiting-for-signatures') {
      purposes.push(`${report.step} ${report.toSign?.purpose}`)
      expect(report.toSign?.missing).toContain('weight 500 of 1000')
      expect(report.toSign?.expiresInBlocks).toBeGreaterThan(0)
      // Nobody is made to wait for people.
      const states = (await store.listKeys(address)).map(({ state }) => state)
      expect(states).toEqual(['free', 'free'])
      const signed = [await signedBy(account, report)]
      report = await resumeRotation({ ...resuming, pools, signed })
    }
    expect(purposes).toEqual(['add add', 'prove prove', 'sign swap'])
    expect(report.state).toBe('done')
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('do not swap for a new key that has stopped signing while they signed', async () => {
    const account = await firstOf()
    const { options, resuming, shares } = account
    let isDisabled = false
    const vault = {
      ...options.vault,
      open(reference: string): Signer {
        const signer = options.vault.open(reference)
        const keyId = signer.id
        const sign: Signer['sign'] = async (request) => {
          if (isDisabled) throw new SignerError('KEY_DISABLED', { keyId })
          return signer.sign(request)
        }
        return { ...signer, sign }
      },
    }
    let report = await rotateKey({ ...options, vault })
    while (report.toSign?.purpose !== 'swap') {
      const signed = [await signedBy(account, report)]
      report = await resumeRotation({ ...resuming, vault, signed })
    }
    const before = await shares()
    const signed = [await signedBy(account, report)]
    isDisabled = true
    const swapping = resumeRotation({ ...resuming, vault, signed })
    await expect(swapping).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    expect(await shares()).toEqual(before)
    isDisabled = false
    expect(await resumeRotation({ ...resuming, vault })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
  })

  it('rotate it too when the second sends what it has signed', async () => {
    const account = await firstOf()
    const { options, resuming, shares, keyCount } = account
    let report = await rotateKey(options)
    while (report.state === 'waiting-for-signatures') {
      const transaction = await signedBy(account, report)
      await sendTransaction({ accessNode: chain.url, transaction })
      report = await resumeRotation(resuming)
    }
    expect(report.state).toBe('done')
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('wait for the same transaction, however often it is asked for', async () => {
    const { options, resuming } = await firstOf()
    const { toSign, ...report } = await rotateKey(options)
    const again = await resumeRotation(resuming)
    const { accessNode, address, rotations } = options
    const status = await rotationStatus({ accessNode, address, rotations })
    for (const { toSign: other, ...rest } of [again, status]) {
      expect(rest).toEqual(report)
      expect(other?.transactionId).toBe(toSign?.transactionId)
    }
  })

  it('take no signature of another transaction, none that is wrong, and none when nothing waits', async () => {
    const account = await firstOf()
    const { options, resuming, address, two, shares } = account
    const [report, other] = [await rotateKey(options), await firstOf()]
    const strange = await signedBy(other, await rotateKey(other.options))
    await expect(resumeRotation({ ...resuming, signed: [strange] })).rejects.toEqual(
      refusal('PAYLOAD_MISMATCH'),
    )
    const good = await signedBy(account, report)
    const forged = {
      ...good,
      envelopeSignatures: good.envelopeSignatures.map((entry) =>
        entry.keyIndex === 1 ? { ...entry, signature: entry.signature.map((b) => b ^ 1) } : entry,
      ),
    }
    await expect(resumeRotation({ ...resuming, signed: [forged] })).rejects.toEqual(
      refusal('SIGNATURE_REFUSED', { keyIndex: 1 }),
    )
    expect(await shares()).toEqual(untouched)
    const authorizer = holding(chain, account.old, two)
    const stopBefore = 'prove'
    await resumeRotation({ ...resuming, authorizer, signed: [good], stopBefore })
    await expect(
      resumeRotation({ ...resuming, authorizer, signed: [good], stopBefore }),
    ).rejects.toEqual(refusal('INVALID_OPTION', { option: 'signed' }))
    expect(await send(chain, address, account.old, two)).toBe('')
  })
})

it('sends nothing that all have signed when the weights have changed since', async () => {
  const [one, two, three] = [software(), software(), software()]
  const keys = [one, two, three].map((signer) => ({ signer, weight: 500 }))
  const { address, options, resuming, shares } = await rotatedAccount(chain, keys, [one])
  const report = await rotateKey({ ...options, transactionExpiry: EXPIRY })
  const signed = [await signedBy({ address, two } as Two, report)] // all that is read of it
  await chain.revokeKey(holding(chain, one, two).authorize(address, { keyIndexes: [1, 0] }), 2)
  await expect(resumeRotation({ ...resuming, transactionExpiry: EXPIRY, signed })).rejects.toEqual(
    refusal('ROTATION_WEIGHTS_CHANGED', { step: 'add', found: '0' }),
  )
  expect((await shares()).fresh).toEqual({ weight: 0, copies: 0 })
})

it('an emergency makes no pool wait for people, neither before the cut nor after it', async () => {
  const [bad, two, three] = [software(), software(), software()]
  const keys = [
    { signer: bad, weight: 500 },
    { signer: two, weight: 500 },
    { signer: three, weight: 500 },
    { signer: bad, weight: 0 },
    { signer: two, weight: 0 },
  ]
  const { address, options, resuming, shares } = await rotatedAccount(chain, keys, [bad, two])
  const store = createMemoryStore()
  await store.enrollKeys(
    address,
    [3, 4].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n })),
  )
  const more = { pools: [{ store }], transactionExpiry: EXPIRY }
  const rows = async () =>
    (await store.listKeys(address)).map(({ keyIndex, state }) => `${keyIndex} ${state}`)
  let report = await rotateKey({ ...options, ...more, emergency: true })
  const seen: string[] = []
  while (report.state === 'waiting-for-signatures') {
    seen.push(`${report.toSign?.purpose}: ${await rows()}`)
    const transaction = report.toSign?.transaction
    // The compromised key is here too, and has signed nothing.
    expect(transaction?.envelopeSignatures.map(({ keyIndex }) => keyIndex)).not.toContain(0)
    const account = { address, two: three } as Two // all that is read of it
    const signed = [await signedBy(account, report)]
    report = await resumeRotation({ ...resuming, ...more, signed })
  }
  expect(seen).toEqual([
    'cut: 3 free,4 free',
    'add: 3 quarantined,4 free',
    'prove: 3 quarantined,4 free',
    'restore: 3 quarantined,4 free',
  ])
  expect(report.state).toBe('done')
  expect(await rows()).toEqual(['3 quarantined', '4 free', '5 free'])
  expect((await shares()).fresh).toEqual({ weight: 500, copies: 1 })
})

describe('a transaction that nobody signed in time', () => {
  it('is dead after its last block, and another one waits', async () => {
    const account = await firstOf()
    const { options, resuming, shares, keyCount } = account
    const authorizer = holding(chain, account.old, account.two)
    await rotateKey({ ...options, authorizer, stopBefore: 'sign' })
    const first = await resumeRotation(resuming)
    expect(first).toMatchObject({ state: 'waiting-for-signatures', step: 'sign' })
    const late = await signedBy(account, first)
    const end = (await heightNow()) + EXPIRY
    await until(async () => (await heightNow()) > end, 60_000)
    // It comes back too late, and by another run once more.
    const second = await resumeRotation({ ...resuming, signed: [late] })
    expect(second).toMatchObject({ state: 'waiting-for-signatures', step: 'sign' })
    expect(second.toSign?.transactionId).not.toBe(first.toSign?.transactionId)
    const texts = ({ history }: RotationReport) => history.map(({ text }) => text).join('\n')
    expect(texts(second)).toMatch(/had no effect and never will: it expired\.\n.*\n.*not used/)
    const again = await resumeRotation({ ...resuming, signed: [late] })
    expect(again).toMatchObject({
      state: 'waiting-for-signatures',
      toSign: { transactionId: second.toSign?.transactionId },
    })
    expect(texts(again)).toMatch(/not used\.$/)
    const signed = [await signedBy(account, second)]
    expect(await resumeRotation({ ...resuming, signed })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })
})

describe('a rotation that goes back', () => {
  it('waits for the others where new keys are to go, and kills what they may have', async () => {
    const account = await firstOf()
    const { address, options, resuming, aborting, shares } = account
    const authorizer = holding(chain, account.old, account.two)
    await rotateKey({ ...options, authorizer, stopBefore: 'sign' })
    const swap = await signedBy(account, await resumeRotation(resuming))
    const back = await abortRotation(aborting)
    expect(back).toMatchObject({
      state: 'waiting-for-signatures',
      toSign: { purpose: 'withdraw' },
    })
    const withdraw = back.toSign?.transaction
    expect(withdraw?.proposalKey).toEqual(swap.proposalKey) // the chain takes one of the two
    // What is given back of the one that it takes the place of is of no use, and no fault.
    expect(await abortRotation({ ...aborting, signed: [swap] })).toMatchObject({
      toSign: { transactionId: back.toSign?.transactionId },
    })
    // To resume it is to go on with going back.
    expect(await resumeRotation(resuming)).toMatchObject({ toSign: { purpose: 'withdraw' } })
    const signed = [await signedBy(account, back)]
    expect(await abortRotation({ ...aborting, signed })).toMatchObject({ state: 'aborted' })
    expect(await shares()).toEqual(untouched)
    await expect(sendTransaction({ accessNode: chain.url, transaction: swap })).rejects.toEqual(
      expect.objectContaining({ name: 'SignerError' }),
    )
    expect(await shares()).toEqual(untouched)
    expect(await send(chain, address, account.old, account.two)).toBe('')
  })

  it('is too late when the second has sent the swap', async () => {
    const account = await firstOf()
    const { options, resuming, aborting, shares } = account
    const authorizer = holding(chain, account.old, account.two)
    await rotateKey({ ...options, authorizer, stopBefore: 'sign' })
    const transaction = await signedBy(account, await resumeRotation(resuming))
    await abortRotation(aborting)
    await sendTransaction({ accessNode: chain.url, transaction })
    await expect(abortRotation(aborting)).rejects.toEqual(refusal('ROTATION_TOO_LATE'))
    expect(await resumeRotation({ ...resuming, authorizer })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
  })

  it('says until when something may be executed that nobody can be asked to kill', async () => {
    const account = await firstOf()
    const { options, aborting, shares } = account
    const report = await rotateKey(options)
    const transaction = await signedBy(account, report)
    await expect(abortRotation(aborting)).rejects.toEqual(
      refusal('ROTATION_UNSETTLED', { reason: expect.stringMatching(/until block \d+/) }),
    )
    await sendTransaction({ accessNode: chain.url, transaction })
    expect((await shares()).fresh.copies).toBe(1)
    const back = await abortRotation({ ...aborting, signed: [transaction] })
    expect(back).toMatchObject({ toSign: { purpose: 'withdraw' } })
    const texts = back.history.map(({ text }) => text)
    expect(texts).toContain(
      'The number of a transaction (add) is used: the account tells what happened.',
    )
    expect(texts.join()).not.toContain('no effect')
    const signed = [await signedBy(account, back)]
    expect(await abortRotation({ ...aborting, signed })).toMatchObject({ state: 'aborted' })
    expect(await shares()).toEqual(untouched)
  })
})

it('signs with as few keys as reach the weight, and with each once', async () => {
  const [one, two, three] = [software(), software(), software()]
  const keys = [one, two, three].map((signer) => ({ signer, weight: 500 }))
  const { options } = await rotatedAccount(chain, keys)
  const asked: string[] = []
  const authorizer = KmsAuthorizer.fromSigners([one, two, three], {
    accessNode: chain.url,
    onSign: ({ signerId }) => asked.push(signerId),
  })
  await rotateKey({ ...options, authorizer, transactionExpiry: EXPIRY, stopBefore: 'prove' })
  expect(asked.sort()).toEqual([one.id, two.id].sort())
})
