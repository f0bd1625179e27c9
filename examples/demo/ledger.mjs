/** Sends the demo's transactions by plain `fcl.mutate` and keeps what became of each. */
import * as fcl from '@onflow/fcl'

// FCL follows transactions by WebSocket, and says for each one that the emulator has none.
const warn = console.warn
console.warn = (...words) => /not supported on the Flow emulator/.test(words[0]) || warn(...words)

/**
 * @param flow - The emulator.
 * @param kms - The KMS client; its Sign requests are counted as they leave.
 */
export function createLedger(flow, kms) {
  const rows = []
  let signCalls = 0
  let keys = new Set()
  kms.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'SignCommand') signCalls += 1
        return next(args)
      },
    { step: 'finalizeRequest', priority: 'low' },
  )

  return {
    /** For `onSign` of an authorizer. */
    noteSignature: ({ signerId }) =>
      keys.add(signerId.replace('alias/', '').replace(/^remote:([^@]+)@.*/, '$1 (service)')),

    /** `refusedWith`: error codes of which the chain must answer one; otherwise it must succeed. */
    async mutate(what, { refusedWith, ...transaction }) {
      signCalls = 0
      keys = new Set()
      const id = await fcl.mutate({ ...transaction, limit: 9_999 })
      const { status, message } = await sealed(id)
      const codes = [...message.matchAll(/\[Error Code: (\d+)\]/g)].map(([, code]) => Number(code))
      const expected = refusedWith
        ? codes.some((code) => refusedWith.includes(code))
        : codes.length === 0
      if (!expected) throw new Error(`${what}: not what was expected\n${message || 'it succeeded'}`)
      const result = codes.length === 0 ? status : `refused: ${[...new Set(codes)].join(', ')}`
      const row = {
        what,
        id,
        result,
        compute: await computation(flow, id),
        keys: [...keys],
        signCalls,
      }
      rows.push(row)
      console.log(`  ${what.padEnd(20)} ${result}`)
    },

    print() {
      console.log(`\n${line('transaction', 'id', 'status', 'compute', 'KMS keys', 'Sign calls')}`)
      for (const { what, id, result, compute, keys: used, signCalls: calls } of rows)
        console.log(line(what, id, result, compute, used.join(' + '), calls))
    },
  }
}

const line = (what, id, result, compute, keys, calls) =>
  [
    what.padEnd(19),
    id.padEnd(64),
    result.padEnd(20),
    String(compute).padStart(7),
    keys.padEnd(29),
    String(calls).padStart(10),
  ].join('  ')

/** FCL rejects when the transaction failed on chain; here that is an outcome like another. */
async function sealed(id) {
  try {
    const { statusString } = await fcl.tx(id).onceSealed()
    return { status: statusString.toLowerCase(), message: '' }
  } catch (error) {
    return { status: 'refused', message: String(error.errorMessage ?? error.message ?? error) }
  }
}

/** The emulator leaves `computation_used` at 0 in its REST results, and reports it here. */
async function computation(flow, id) {
  const reply = await fetch(`${flow.adminUrl}/emulator/computationReport`)
  const { transactions = {} } = await reply.json()
  return transactions[id]?.computation ?? '-'
}
