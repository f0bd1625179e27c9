/**
 * What every signer keeps to, whatever is behind it: a list of cases that any test runner runs,
 * for our signers and for yours. @module
 */
import type { SignatureAlgorithm } from '../crypto/algorithms.ts'
import { assertKnownKeys } from '../options.ts'
import { awayCases } from './signer-contract-away.ts'
import { bytesCases } from './signer-contract-bytes.ts'
import { callCases } from './signer-contract-calls.ts'
import { manyCases } from './signer-contract-many.ts'
import {
  breach,
  type SignerContractCase,
  type SignerContractFault,
  type SignerContractSubject,
} from './signer-contract-subject.ts'

/**
 * Every case, in an order in which one subject passes them all. A case resolves, or rejects with an
 * `Error` that says what the signer did and what it should do.
 */
export const signerContract: readonly SignerContractCase[] = Object.freeze([
  ...bytesCases,
  ...manyCases,
  ...callCases,
  ...awayCases,
])

type Hook = (run: () => Promise<void>) => unknown
type Test = (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown

/** What is needed of a test runner: its module, as Jest, Vitest and `node:test` export it, is one. */
export type SignerContractRunner = {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: Test
  readonly beforeAll?: Hook
  readonly before?: Hook
  readonly afterAll?: Hook
  readonly after?: Hook
}

/** Options of `describeSignerContract`. */
export type SignerContractOptions = {
  /** The curves that the backend has. Default: both. */
  readonly algorithms?: readonly SignatureAlgorithm[]
  /** What the subject can do to its backend. Cases that need another are none of its tests, and the name of the block tells what is left out. Default: nothing. */
  readonly faults?: readonly SignerContractFault[]
  /** Default: the globals `describe`, `it`, `beforeAll` (or `before`), `afterAll` (or `after`). */
  readonly runner?: SignerContractRunner
  /** For each case, passed to `it` as its third argument. Default: 180,000. */
  readonly timeoutMs?: number
}

/**
 * Declares the contract as tests: one block for each curve, in it one test for each case.
 *
 * @param makeSubject - Called once for each curve; all cases use the same signer, as an application does.
 * @throws {SignerError} `INVALID_OPTION` for an unknown option.
 */
export function describeSignerContract(
  name: string,
  makeSubject: (algorithm: SignatureAlgorithm) => Promise<SignerContractSubject>,
  options: SignerContractOptions = {},
): void {
  assertKnownKeys(options, ['algorithms', 'faults', 'runner', 'timeoutMs'])
  const { algorithms = ['ECDSA_P256', 'ECDSA_secp256k1'], faults = [], timeoutMs } = options
  const runner = options.runner ?? globalRunner()
  const before = runner.beforeAll ?? runner.before
  const after = runner.afterAll ?? runner.after
  const lacking = faultsOf(signerContract).filter((fault) => !faults.includes(fault))
  const without = lacking.length === 0 ? '' : `, without the cases of ${lacking.join(', ')}`
  for (const algorithm of algorithms)
    runner.describe(`${name} keeps the signer contract on ${algorithm}${without}`, () => {
      let subject: SignerContractSubject | undefined
      before?.(async () => {
        const made = await makeSubject(algorithm)
        subject = { algorithm, ...made }
        const missing = faults.filter((fault) => made[fault] === undefined)
        if (missing.length > 0) throw breach(`the subject has no ${missing.join(', ')}`)
      })
      after?.(async () => subject?.dispose?.())
      for (const one of signerContract) {
        if (one.needs.some((fault) => lacking.includes(fault))) continue
        const run = async () => {
          if (subject === undefined) throw breach('no subject was made')
          await one.run(subject)
        }
        runner.it(one.name, run, timeoutMs ?? 180_000)
      }
    })
}

const faultsOf = (cases: readonly SignerContractCase[]): readonly SignerContractFault[] => [
  ...new Set(cases.flatMap(({ needs }) => needs)),
]

function globalRunner(): SignerContractRunner {
  // Looked at property by property below: what is not there is said.
  const globals = globalThis as unknown as Partial<SignerContractRunner>
  const { describe, it, beforeAll, before, afterAll, after } = globals
  if (describe === undefined || it === undefined)
    throw breach('there are no global `describe` and `it`: pass `runner`')
  return {
    describe,
    it,
    ...(beforeAll === undefined ? {} : { beforeAll }),
    ...(before === undefined ? {} : { before }),
    ...(afterAll === undefined ? {} : { afterAll }),
    ...(after === undefined ? {} : { after }),
  }
}
