/**
 * A contract that counts how often each id was executed. It refuses nothing, so that what a relay
 * does twice is seen: a contract that guards itself would hide it. @module
 */

import type { FlowChain } from './flow-chain.ts'

/** The contract on a chain. */
export type Tally = {
  readonly cadence: { readonly single: string; readonly batch: string }
  /** How often each id was executed, in their order. */
  readonly counts: (ids: readonly string[]) => Promise<readonly number[]>
  /** Executions of all ids there ever were. */
  readonly total: () => Promise<number>
}

const contract = `access(all) contract Tally {
  access(all) let counts: {String: Int}
  access(all) var total: Int
  access(all) fun add(_ id: String) {
    self.counts[id] = (self.counts[id] ?? 0) + 1
    self.total = self.total + 1
  }
  access(all) fun read(_ ids: [String]): [Int] {
    let found: [Int] = []
    for id in ids { found.append(self.counts[id] ?? 0) }
    return found
  }
  init() {
    self.counts = {}
    self.total = 0
  }
}`
const deploy = `transaction(code: String) {
  prepare(signer: auth(AddContract) &Account) {
    signer.contracts.add(name: "Tally", code: code.utf8)
  }
}`
/** A script may only compute so much. */
const PAGE = 500

/** Deploys it to the service account. */
export async function deployTally(chain: FlowChain): Promise<Tally> {
  const { errorMessage } = await chain.send({
    cadence: deploy,
    args: (arg, t) => [arg(contract, t['String'])],
    authz: chain.service,
  })
  if (errorMessage !== '') throw new Error(errorMessage)
  const imported = `import Tally from ${chain.serviceAddress}\n`

  async function run(code: string, args: readonly object[]): Promise<unknown> {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const script = base64(imported + code)
    const body = JSON.stringify({
      script,
      arguments: args.map((argument) => base64(JSON.stringify(argument))),
    })
    const url = `${chain.url}/v1/scripts?block_height=final`
    const headers = { 'content-type': 'application/json' }
    const reply = await fetch(url, { method: 'POST', headers, body })
    const text = await reply.text()
    if (!reply.ok) throw new Error(text)
    const { value }: { value: unknown } = JSON.parse(
      Buffer.from(JSON.parse(text), 'base64').toString(),
    )
    return value
  }

  async function page(ids: readonly string[]): Promise<readonly number[]> {
    const argument = { type: 'Array', value: ids.map((value) => ({ type: 'String', value })) }
    const code = 'access(all) fun main(ids: [String]): [Int] { return Tally.read(ids) }'
    const values = (await run(code, [argument])) as { value: string }[] // an array of Int
    return values.map(({ value }) => Number(value))
  }

  return {
    cadence: {
      single: `${imported}transaction(id: String) {
  prepare(signer: &Account) { Tally.add(id) }
}`,
      batch: `${imported}transaction(ids: [String]) {
  prepare(signer: &Account) { for id in ids { Tally.add(id) } }
}`,
    },
    async counts(ids) {
      const counts: number[] = []
      for (let start = 0; start < ids.length; start += PAGE)
        counts.push(...(await page(ids.slice(start, start + PAGE))))
      return counts
    },
    total: async () => Number(await run('access(all) fun main(): Int { return Tally.total }', [])),
  }
}
