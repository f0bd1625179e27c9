/** All flights of one pool: those it committed, and those it took over. @module */

import { codeOf } from '../errors.ts'
import { readBlockHeight } from '../flow/blocks.ts'
import { createLoop, type Loop } from '../loop.ts'
import type { ProposalKeyRow, ProposalKeyStore } from '../stores/store.ts'
import { type Flight, type FlightSettings, type FlightWatch, watchFlight } from './flight.ts'
import type { Holder } from './holder.ts'

/** The flights of one pool. */
export type Flights = {
  readonly add: (flight: Flight) => void
  /** Takes over what a process that is gone left in flight, now and from now on. */
  readonly start: () => Promise<void>
  /** No node can ever take it. @returns Whether it is one of these. */
  readonly refuse: (transactionId: string) => boolean
  /** The chain went backwards. */
  readonly recheck: () => void
  readonly size: () => number
  readonly close: () => void
}

/** Says that this process lives, so many times while a lease would last. */
const BEATS = 3

/** What the flights of a pool are followed with. */
type FlightsOptions = {
  readonly address: string
  readonly holder: Holder
  readonly leaseMs: number
  readonly store: ProposalKeyStore
  readonly watch: FlightSettings
}

export function createFlights(options: FlightsOptions): Flights {
  const { address, holder, leaseMs, store, watch } = options
  const { report, signal } = watch
  const orphans = new Set<ProposalKeyRow>()
  type Entry = { readonly fence: number; readonly watch: FlightWatch }
  const flights = new Map<number, Entry>()
  const trouble = (thrown: unknown) => report({ kind: 'trouble', errorCode: codeOf(thrown) })

  const settings: FlightSettings = {
    ...watch,
    async settle(lease, settlement) {
      await watch.settle(lease, settlement)
      if (flights.get(lease.keyIndex)?.fence === lease.fence) flights.delete(lease.keyIndex)
    },
  }

  function add(flight: Flight): void {
    if (signal.aborted) return
    const { keyIndex, fence } = flight.lease
    const known = flights.get(keyIndex)
    if (known !== undefined && known.fence > fence) return // another process has had the key since
    known?.watch.stop()
    flights.set(keyIndex, { fence, watch: watchFlight(flight, settings) })
  }

  async function follow(row: ProposalKeyRow): Promise<void> {
    const { transactionId, referenceBlockId } = row
    const height =
      referenceBlockId === null
        ? undefined
        : await readBlockHeight(await watch.node(), referenceBlockId, { signal })
    const latest = await watch.follower.wake(signal)
    const flight = {
      lease: row,
      transactionId: transactionId ?? undefined,
      referenceBlockId: referenceBlockId ?? '',
      fromHeight: height ?? latest.height,
    }
    add(flight)
    if (height === undefined) flights.get(row.keyIndex)?.watch.recheck() // the block is gone
    orphans.delete(row)
  }

  async function adopt(): Promise<void> {
    const rows = await holder.take((name) => store.adoptKeys({ address, holder: name, leaseMs }))
    if (rows.length > 0) report({ kind: 'adopted', count: rows.length })
    for (const row of rows) orphans.add(row)
    if (signal.aborted) return // in the store their time runs out again
    // The store has given them to us: what cannot be followed yet is tried again at the next beat.
    const followed = await Promise.allSettled([...orphans].map(follow))
    for (const one of followed) if (one.status === 'rejected') trouble(one.reason)
  }

  const size = () => flights.size + orphans.size
  const beats = createBeats(options, size, adopt, trouble)

  return {
    add,
    async start() {
      await adopt()
      beats.start()
    },
    refuse(transactionId) {
      const of = [...flights.values()].filter(({ watch }) => watch.transactionId === transactionId)
      for (const { watch } of of) watch.refuse()
      return of.length > 0
    },
    recheck() {
      for (const flight of flights.values()) flight.watch.recheck()
    },
    size,
    close() {
      beats.stop()
      for (const flight of flights.values()) flight.watch.stop()
      flights.clear()
    },
  }
}

/** Keeps what this process holds, and takes over what others left. */
function createBeats(
  { holder, leaseMs, store, watch }: FlightsOptions,
  size: () => number,
  adopt: () => Promise<void>,
  trouble: (thrown: unknown) => void,
): Loop {
  return createLoop({
    async turn() {
      if (size() > 0) await store.extend(holder.current(), leaseMs)
      await adopt()
      return leaseMs / BEATS
    },
    onFailure(thrown) {
      trouble(thrown)
      return leaseMs / BEATS
    },
    isNeeded: () => !watch.signal.aborted,
    isBackground: true,
  })
}
