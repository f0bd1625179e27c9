/** The numbers of the admin server as a table of their own. @module */
import { median } from './statistics.mjs'
import { createTable } from './table.mjs'
import { count, megabytes, ms, times } from './units.mjs'

/** @param results From `main.mjs`. */
export function adminTable({ machine, admin }) {
  const table = createTable()
  addAcceptance(table, admin)
  const { p50, p99, count: minted, blockMs } = admin.seal
  const alone = table.note(
    `${minted} requests of one mint, one after another, from the approval to the request's end by the clock of the database. The emulator seals in the block that executes, and makes one each ${blockMs} ms.`,
  )
  table.row({
    what: `From approval to seal, p50, p99 ${alone}`,
    ours: `${ms(p50)}, ${ms(p99)}`,
    bare: `block ${ms(blockMs)}`,
  })
  addMemory(table, admin.memory)
  return [
    `${machine.cores} cores (${machine.processor}), ${machine.system}, load ${machine.loadBefore.toFixed(1)} before the run`,
    `Node.js ${machine.node}`,
    '',
    table.print(),
  ].join('\n')
}

function addAcceptance(table, { accept: { bare, ...ours }, callers, rounds, roundMs }) {
  const note = table.note(
    `POST /v1/mints with one item, by ${callers} callers that keep their connections, ${rounds} times ${roundMs / 1_000} s in turn on the same machine, after warming up; the median of the rates, and of all calls the times. "bare" is Fastify and one INSERT for each call into the same PostgreSQL, which syncs each commit, without authentication, schema, audit trail or idempotency.`,
  )
  const names = { pglite: 'PGlite', postgres: 'PostgreSQL' }
  for (const [name, one] of Object.entries(ours)) {
    const rate = median(one.rates)
    const ratio = bare === undefined ? undefined : rate / median(bare.rates)
    table.row({
      what: `Requests accepted a second, ${names[name]} ${note}`,
      ours: `${count(Math.round(rate))}${ratio === undefined ? '' : `, ${times(ratio)}`}`,
      bare: bare === undefined ? '–' : count(Math.round(median(bare.rates))),
      ...(name === 'postgres' ? { bar: '≥ 0.6 ×', met: ratio >= 0.6 && one.refused === 0 } : {}),
    })
    table.row({
      what: '  p50, p99',
      ours: `${ms(one.p50)}, ${ms(one.p99)}`,
      bare: bare === undefined ? '–' : `${ms(bare.p50)}, ${ms(bare.p99)}`,
    })
    if (one.refused > 0) table.row({ what: '  not accepted', ours: count(one.refused) })
  }
}

function addMemory(table, { minutes, asked, done, first, last, residentPerMinute, heapPerMinute }) {
  const note = table.note(
    `${count(asked)} mints asked for, approved, signed and sealed in ${minutes.toFixed(1)} minutes, in requests of 10; ${count(done)} were done when it ended. By the process's own metrics after each collection of garbage, every 5 s, after the first fifth of the time.`,
  )
  table.row({
    what: `Resident memory, from – to, growth a minute ${note}`,
    ours: `${megabytes(first.resident)} – ${megabytes(last.resident)}, ${megabytes(residentPerMinute)}`,
  })
  table.row({
    what: '  heap',
    ours: `${megabytes(first.heap)} – ${megabytes(last.heap)}, ${megabytes(heapPerMinute)}`,
  })
}
