/** What thousands of transactions from one account take, as rows. @module */
import { median } from './statistics.mjs'
import { bytes, count, megabytes, ms, seconds, times } from './units.mjs'

/** @param results From `measure-throughput.mjs`. */
export function addThroughputRows(table, results) {
  addMutate(table, results)
  addRelay(table, results)
  addSubmit(table, results)
  addMints(table, results)
  addPoolCost(table, results)
  addMemory(table, results)
  addGovernor(table, results)
}

const sum = (list, field) => list.reduce((total, one) => total + one[field], 0)
const rate = ({ executed, ms: took }) => `${((1_000 * executed) / took).toFixed(1)} a second`

function addMutate(table, { mutate: { count: asked, ours, bare } }) {
  const all = asked * ours.length
  const note = table.note(
    `Plain fcl.mutate, all at once, from an account of two KMS keys at 500 and ${asked} proposal keys, ${ours.length} times in turn with the bare sender: fetch with 50 connections, signed beforehand by the same keys, one in flight for each proposal key, seals read by block. Both send again where the emulator is busy.`,
  )
  table.row({
    what: `${asked} concurrent transactions: sealed, of ${count(all)} ${note}`,
    ours: count(sum(ours, 'executed')),
    bare: count(sum(bare, 'executed')),
    bar: 'all',
    met: sum(ours, 'executed') === all,
  })
  const worst = Math.max(...ours.map(({ signCalls }) => signCalls))
  table.row({
    what: '  Sign calls, two signatures each',
    ours: count(worst),
    bar: count(2 * asked),
    met: worst === 2 * asked,
  })
  const ratio = median(ours.map((one, round) => one.ms / bare[round].ms))
  const compared = table.note(
    'The medians of the times; the ratio is the median of those within the rounds.',
  )
  table.row({
    what: `  from the first call to the last seal ${compared}`,
    ours: `${seconds(median(ours.map((one) => one.ms)))}, ${times(ratio)}`,
    bare: seconds(median(bare.map((one) => one.ms))),
    bar: '≤ 1.3 ×',
    met: ratio <= 1.3,
  })
}

function addRelay(table, { relaySoftware, relayKms, keys }) {
  const names = { pglite: 'PGlite', postgres: 'PostgreSQL' }
  const way = table.note(
    `Stored durably, signed, sent and followed to the seal with ${keys} proposal keys; the bare sender sends one half before and one half after, signed beforehand.`,
  )
  const local = table.note(
    'The bar is judged with a software key: MiniStack is a Python program that takes processor time from the emulator, as KMS would not.',
  )
  for (const [name, relay] of Object.entries(relaySoftware.relays))
    addRelayRow(table, relaySoftware, relay, {
      what: `${count(relaySoftware.count)} relayed, ${names[name]} ${way}`,
      judged: true,
      mark: local,
    })
  addRelayRow(table, relayKms, relayKms.relays.pglite, {
    what: '  PGlite, signed by MiniStack meanwhile',
    judged: false,
    mark: '',
  })
}

function addRelayRow(table, { count: asked, bare }, relay, { what, judged, mark }) {
  const ratio = relay.ms / bare.ms
  const complete = relay.executed === asked
  const sealed = complete ? '' : `, ${count(relay.executed)} sealed`
  table.row({
    what: `${what} ${mark}`.trimEnd(),
    ours: `${seconds(relay.ms)}, ${times(ratio)}${sealed}`,
    bare: seconds(bare.ms),
    ...(judged ? { bar: '≤ 1.1 ×', met: complete && ratio <= 1.1 } : {}),
  })
}

function addSubmit(table, { submit: { count: asked, ours, bare }, peer }) {
  const faster = bare.submitMs / ours.submitMs
  const note = table.note(
    `fcl.mutate until all ids are there, software keys on both sides, begun right after a block on a chain with one each 2.5 s. "bare" is a hand-written authorization function over the same ${asked} proposal keys that leaves their sequence numbers to FCL. Sealed: ${ours.executed} and ${bare.executed}.`,
  )
  table.row({
    what: `Submitting ${asked} at once ${note}`,
    ours: `${ms(ours.submitMs)}, ${times(faster)} faster`,
    bare: ms(bare.submitMs),
    bar: '≥ 20 ×',
    met: faster >= 20 && ours.executed === asked,
  })
  const told = ({ executed, ms: took }) =>
    `${executed} of ${peer.count}, ${rate({ executed, ms: took })}`
  const best = table.note('One KMS key of weight 1000, which is all that it can use at once.')
  table.row({ what: `20 at once: executed ${best}`, peer: told(peer.concurrent) })
  table.row({ what: '20 one after another, each to its seal', peer: told(peer.sequential) })
}

function addMints(table, { mints: { single, batch, asked } }) {
  const perSecond = ({ minted, ms: took }) => (1_000 * minted) / took
  const faster = perSecond(batch) / perSecond(single)
  const complete = batch.minted === asked.batch && single.minted === asked.single
  const note = table.note(
    `By the relay, DropNFT to one recipient, ${count(asked.batch)} packed and ${count(asked.single)} one in each transaction, in turn. "bare" is one in each.`,
  )
  table.row({
    what: `NFTs a second, batched ${note}`,
    ours: `${perSecond(batch).toFixed(0)}, ${times(faster)}`,
    bare: perSecond(single).toFixed(0),
    bar: '≥ 15 ×',
    met: complete && faster >= 15,
  })
}

function addPoolCost(table, { poolCost }) {
  const sizes = poolCost.map(({ copies }) => count(copies)).join(', ')
  const note = table.note(
    `Pools of ${sizes} keys in turn, ten transactions in flight with each, ${count(poolCost[0].sent)} with each in all. Processor time is that of the whole process, signing and posting included, the median of rounds; bytes are those that a proxy counts before the emulator, by which the pool follows the chain.`,
  )
  const flat = (values) => Math.max(...values) / Math.min(...values)
  for (const [what, field, show] of [
    [`Processor time a transaction, pool of ${sizes} keys ${note}`, 'cpuMs', ms],
    ['  bytes read', 'bytes', bytes],
  ]) {
    const values = poolCost.map((one) => one[field])
    table.row({
      what,
      ours: values.map(show).join(', '),
      bar: 'within 10 %',
      met: flat(values) <= 1.1,
    })
  }
  const [, smaller, larger] = poolCost
  const perKey = (larger.heapBytes - smaller.heapBytes) / (larger.copies - smaller.copies)
  table.row({ what: '  heap for each key more', ours: bytes(perKey) })
}

function addMemory(table, { memory }) {
  for (const [
    where,
    { count: asked, warmUp, executed, readings, left, listeners },
  ] of Object.entries(memory)) {
    const [first] = readings
    const last = readings.at(-1)
    const note = table.note(
      `One process, a relay with PGlite on disk, ${where === 'emulator' ? 'the emulator' : 'a simulated node'}, after garbage collection: ${megabytes(first.bytes)} after the first ${count(warmUp)}, ${megabytes(last.bytes)} at the end, ${count(executed)} executed.`,
    )
    const grown = last.bytes - first.bytes
    table.row({
      what: `Memory that ${count(asked)} transactions add ${note}`,
      ours: megabytes(grown),
      bar: '< 40 MB',
      met: grown < 40e6 && executed === asked,
    })
    table.row({
      what: '  timers, sockets and listeners after close()',
      ours: left.length + listeners === 0 ? 'none' : [...left, `${listeners} listeners`].join(', '),
      bar: 'none',
      met: left.length === 0 && listeners === 0,
    })
  }
}

function addGovernor(table, { governor: { delayMs, rates } }) {
  const told = rates
    .map(
      ({ ratePerSecond, mostInASecond, seconds: took }) =>
        `${mostInASecond} in the fullest second of ${took.toFixed(1)} s at ${ratePerSecond}`,
    )
    .join(', ')
  const note = table.note(
    `Starts as they come in at an endpoint that takes ${delayMs} ms: ${told}.`,
  )
  const error = Math.max(
    ...rates.map(({ perSecond, ratePerSecond }) => Math.abs(perSecond / ratePerSecond - 1)),
  )
  const long = rates.every(({ seconds: took }) => took >= 5)
  table.row({
    what: `KMS governor at ${rates.map(({ ratePerSecond }) => ratePerSecond).join(' and ')} a second ${note}`,
    ours: rates.map(({ perSecond }) => perSecond.toFixed(1)).join(', '),
    bar: 'within 2 %',
    met: long && error <= 0.02,
  })
}
