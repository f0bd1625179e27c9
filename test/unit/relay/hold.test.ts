import { SignerError } from '../../../src/errors.ts'
import type { RelayEvent } from '../../../src/relay/events.ts'
import { createHold, type Hold } from '../../../src/relay/hold.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import { address, interposed } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

type Process = Hold & { readonly events: readonly RelayEvent[]; readonly told: () => string }

/** The hold of one process. */
function join(store: RelayStore): Process {
  const events: RelayEvent[] = []
  const hold = createHold({
    address,
    store,
    tell: (event) => events.push(event),
    onChange: () => undefined,
  })
  const told = () => events.map(({ kind }) => kind).join()
  return { ...hold, events, told }
}

/** A store that does not take the next steps of this name. */
function failing(name: keyof RelayStore, times: number) {
  const memory = createMemoryStore()
  let failures = 0
  const store = interposed(memory, async (step, go) => {
    if (step !== name || failures >= times) return go()
    failures += 1
    throw new SignerError('STORE_UNAVAILABLE', { operation: step })
  })
  return { memory, store, failures: () => failures }
}

/** A store whose answers to this step wait until they are let go. */
function delaying(name: keyof RelayStore) {
  const memory = createMemoryStore()
  const waiting: (() => void)[] = []
  let delays = true
  const store = interposed(memory, async (step, go) => {
    const answer = await go()
    if (step === name && delays) await new Promise<void>((resolve) => waiting.push(resolve))
    return answer
  })
  const letGo = () => {
    delays = false
    for (const resolve of waiting) resolve()
  }
  return { memory, store, letGo, waiting: () => waiting.length }
}

const codeOf = (hold: Hold) => hold.current()?.code
const stored = async (store: RelayStore) => (await store.readHold(address)).hold?.code

const operators = ['CHAIN_WENT_BACKWARDS', 'NODES_DISAGREE']
const executed = [
  ...['ACCESS_NODE_DENIES', 'PAYER_CANNOT_PAY', 'REFERENCE_BLOCK_REFUSED'],
  ...['SEQUENCE_NUMBERS_CONTESTED', 'SIGNATURE_REFUSED'],
]
const signed = ['KEY_DISABLED', 'KMS_ACCESS_DENIED', 'WEIGHT_TOO_LOW', 'NOT_HEARD_OF', 'toString']

describe('a hold', () => {
  it('stands here at once, and in all processes when it is stored', async () => {
    const store = createMemoryStore()
    const [a, b] = [join(store), join(store)]
    a.set('KEY_DISABLED', 'enable it')
    expect(a.current()).toEqual({ code: 'KEY_DISABLED', reason: 'enable it' })
    expect(codeOf(b)).toBeUndefined()
    await a.stored()
    await b.refresh()
    expect(b.current()).toEqual(a.current())
    expect([a.told(), b.told()]).toEqual(['held', 'held'])
    await b.resume()
    await a.refresh()
    expect([codeOf(a), codeOf(b)]).toEqual([undefined, undefined])
    expect([a.told(), b.told()]).toEqual(['held,resumed', 'held,resumed'])
  })

  it.each(signed)('%s is over when a transaction is signed', async (code) => {
    const store = createMemoryStore()
    const hold = join(store)
    hold.set(code, 'mend it')
    await hold.stored()
    expect(hold.mayTry()).toBe(true)
    hold.clear('signed')
    expect(codeOf(hold)).toBeUndefined()
    await hold.stored()
    expect(await stored(store)).toBeUndefined()
  })

  it.each(executed)('%s is over when a transaction is executed, and no sooner', async (code) => {
    const store = createMemoryStore()
    const hold = join(store)
    hold.set(code, 'mend it')
    await hold.stored()
    hold.clear('signed')
    expect([codeOf(hold), hold.mayTry()]).toEqual([code, true])
    hold.clear('executed')
    expect(codeOf(hold)).toBeUndefined()
    await hold.stored()
    expect(await stored(store)).toBeUndefined()
  })

  it.each(operators)('%s is over when an operator says so, and no sooner', async (code) => {
    const store = createMemoryStore()
    const hold = join(store)
    hold.set(code, 'look at it')
    hold.clear('executed') // before it is stored
    expect(codeOf(hold)).toBe(code)
    await hold.stored()
    hold.clear('executed')
    await hold.stored()
    expect([codeOf(hold), await stored(store)]).toEqual([code, code])
    expect([hold.mayTry(), hold.probe(), hold.probeInMs()]).toEqual([false, false, Infinity])
    await hold.resume()
    expect([codeOf(hold), await stored(store)]).toEqual([undefined, undefined])
  })

  it.each([...operators, ...executed, ...signed])(
    '%s does not take the place of what only an operator ends',
    async (code) => {
      const store = createMemoryStore()
      const [a, b] = [join(store), join(store)]
      a.set('NODES_DISAGREE', 'look at it')
      a.set(code, 'later') // before it is stored
      expect(codeOf(a)).toBe('NODES_DISAGREE')
      await a.stored()
      b.set(code, 'another process, which has not looked yet')
      await b.stored()
      expect([codeOf(b), await stored(store)]).toEqual(['NODES_DISAGREE', 'NODES_DISAGREE'])
      b.clear('executed')
      await b.stored()
      await a.refresh()
      expect([codeOf(a), codeOf(b)]).toEqual(['NODES_DISAGREE', 'NODES_DISAGREE'])
    },
  )

  it('that ends by a signature does not hide one that an execution ends', async () => {
    const store = createMemoryStore()
    const hold = join(store)
    hold.set('PAYER_CANNOT_PAY', 'send FLOW')
    hold.set('KEY_DISABLED', 'enable it') // before either is stored
    hold.clear('signed')
    expect(codeOf(hold)).toBe('PAYER_CANNOT_PAY')
    hold.set('KEY_DISABLED', 'enable it')
    expect(codeOf(hold)).toBe('PAYER_CANNOT_PAY')
    await hold.stored()
    expect([codeOf(hold), await stored(store)]).toEqual(['PAYER_CANNOT_PAY', 'PAYER_CANNOT_PAY'])
  })

  it('is over also in the store when it ends while it is being stored', async () => {
    const { memory, store, letGo, waiting } = delaying('setHold')
    const hold = join(store)
    hold.set('KEY_DISABLED', 'enable it')
    await until(() => waiting() === 1)
    hold.clear('signed')
    letGo()
    await hold.stored()
    expect([codeOf(hold), await stored(memory)]).toEqual([undefined, undefined])
  })

  it('is not ended by a process that means an older one', async () => {
    const store = createMemoryStore()
    const [a, b] = [join(store), join(store)]
    a.set('KMS_ACCESS_DENIED', 'grant it')
    await a.stored()
    await b.refresh()
    a.set('PAYER_CANNOT_PAY', 'send FLOW')
    await a.stored()
    b.clear('signed') // it has seen the older one alone
    await b.stored()
    await a.refresh()
    expect([codeOf(a), codeOf(b)]).toEqual(['PAYER_CANNOT_PAY', 'PAYER_CANNOT_PAY'])
  })

  it.each([...operators, ...executed, ...signed])(
    '%s stands while it cannot be stored, and is stored as soon as it can be',
    async (code) => {
      const { memory, store, failures } = failing('setHold', 2)
      const hold = join(store)
      hold.set(code, 'mend it')
      await until(() => failures() === 1)
      await hold.refresh() // as the worker does each second
      expect([codeOf(hold), await stored(memory)]).toEqual([code, undefined])
      await hold.stored()
      expect([codeOf(hold), await stored(memory), failures()]).toEqual([code, code, 2])
      expect(hold.told()).toBe('held,trouble,trouble')
    },
  )

  it('is not stored any more once an operator says that it is over', async () => {
    const { memory, store, failures } = failing('setHold', Number.POSITIVE_INFINITY)
    const hold = join(store)
    hold.set('NODES_DISAGREE', 'look at it')
    await until(() => failures() > 0)
    await hold.resume()
    await hold.stored()
    expect([codeOf(hold), await stored(memory)]).toEqual([undefined, undefined])
  })

  it('is over here when the store has not heard of it yet', async () => {
    const { memory, store, failures } = failing('clearHold', 2)
    const hold = join(store)
    hold.set('KEY_DISABLED', 'enable it')
    await hold.stored()
    hold.clear('signed')
    await until(() => failures() === 1)
    await hold.refresh()
    expect([codeOf(hold), await stored(memory)]).toEqual([undefined, 'KEY_DISABLED'])
    await hold.stored()
    expect(await stored(memory)).toBeUndefined()
  })

  it('is not dropped by a row that was read before it', async () => {
    const { store, letGo, waiting } = delaying('readHold')
    const hold = join(store)
    const reading = hold.refresh()
    await until(() => waiting() === 1)
    hold.set('NODES_DISAGREE', 'look at it')
    letGo()
    await reading
    expect(codeOf(hold)).toBe('NODES_DISAGREE')
    await hold.stored()
    expect([codeOf(hold), await stored(store)]).toEqual(['NODES_DISAGREE', 'NODES_DISAGREE'])
  })

  it('stands when it is met again while an operator ends the older one', async () => {
    const { memory, store, letGo, waiting } = delaying('resume')
    const hold = join(store)
    hold.set('NODES_DISAGREE', 'about one')
    await hold.stored()
    const resuming = hold.resume()
    await until(() => waiting() === 1)
    hold.set('NODES_DISAGREE', 'about another')
    letGo()
    await resuming
    await hold.stored()
    expect([codeOf(hold), await stored(memory)]).toEqual(['NODES_DISAGREE', 'NODES_DISAGREE'])
    expect(hold.current()?.reason).toBe('about another')
  })

  it('is written once, however many meet it', async () => {
    const asked: string[] = []
    const store = interposed(createMemoryStore(), (name, step) => {
      asked.push(name)
      return step()
    })
    const hold = join(store)
    for (let time = 0; time < 3; time += 1) hold.set('KEY_DISABLED', 'enable it')
    await hold.stored()
    for (let time = 0; time < 50; time += 1) hold.set('KEY_DISABLED', 'enable it')
    await hold.stored()
    expect(asked.length).toBeLessThanOrEqual(2)
    expect(hold.told()).toBe('held')
  })

  it('is not stored after the close', async () => {
    const { memory, store, failures } = failing('setHold', 1)
    const hold = join(store)
    hold.set('NODES_DISAGREE', 'look at it')
    await until(() => failures() === 1)
    hold.close()
    hold.set('CHAIN_WENT_BACKWARDS', 'look at it')
    await hold.stored()
    expect(await stored(memory)).toBeUndefined()
  })
})

describe('a pause', () => {
  it('holds here from the call on, and everywhere once it is stored', async () => {
    const { store, letGo, waiting } = delaying('setPaused')
    const [a, b] = [join(store), join(store)]
    const pausing = a.pause()
    expect([codeOf(a), a.mayTry()]).toEqual(['PAUSED', false])
    await until(() => waiting() === 1)
    letGo()
    await pausing
    await b.refresh()
    expect([codeOf(a), codeOf(b), b.mayTry()]).toEqual(['PAUSED', 'PAUSED', false])
    await b.resume()
    await a.refresh()
    expect([a.told(), b.told()]).toEqual(['paused,resumed', 'paused,resumed'])
  })

  it('that cannot be stored rejects, and holds nothing', async () => {
    const { store } = failing('setPaused', 1)
    const hold = join(store)
    await expect(hold.pause()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect([codeOf(hold), hold.told()]).toEqual([undefined, ''])
  })

  it('lets none try, and hides no hold that is met meanwhile', async () => {
    const store = createMemoryStore()
    const hold = join(store)
    await hold.pause()
    hold.set('NODES_DISAGREE', 'look at it')
    await hold.stored()
    expect([codeOf(hold), await stored(store)]).toEqual(['PAUSED', 'NODES_DISAGREE'])
    expect([hold.probe(), hold.probeInMs(), hold.told()]).toEqual([false, Infinity, 'paused,held'])
    await hold.resume()
    expect([codeOf(hold), hold.told()]).toEqual([undefined, 'paused,held,resumed'])
  })
})
