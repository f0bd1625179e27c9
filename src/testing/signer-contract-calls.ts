/** Cases of the signer contract: the object, its arguments, signals and reports. @module */
import type { Signer, SignReport } from '../signers/signer.ts'
import {
  expectNoSecret,
  expectReason,
  expectThat,
  message,
  rejection,
  type SignerContractCase,
  settled,
  sign,
} from './signer-contract-subject.ts'

type Request = Parameters<Signer['sign']>[0]

/** What JavaScript may pass. */
const wrongRequests: readonly (readonly [string, unknown])[] = [
  ['no request', undefined],
  ['a text as message', { message: 'text', hashAlgorithm: 'SHA3_256' }],
  ['no message', { hashAlgorithm: 'SHA3_256' }],
  ['a hash that authorises nothing', { message, hashAlgorithm: 'SHA3_384' }],
  ['no hash', { message }],
  ['a name of Object.prototype as hash', { message, hashAlgorithm: 'toString' }],
  ['something else as signal', { message, hashAlgorithm: 'SHA3_256', signal: 'abort' }],
]

export const callCases: readonly SignerContractCase[] = [
  {
    name: 'is frozen, and its functions work without it',
    needs: [],
    async run({ signer }) {
      expectThat(Object.isFrozen(signer), 'the signer is not frozen')
      const { sign: bare, publicKey } = signer
      const works = async () => {
        await publicKey()
        return bare({ message, hashAlgorithm: 'SHA3_256' })
      }
      const signature = await works().catch(() => undefined)
      expectThat(signature !== undefined, 'taken out of the signer, its functions fail')
    },
  },
  {
    name: 'has an id of printable characters',
    needs: [],
    async run({ signer }) {
      expectThat(
        typeof signer.id === 'string' && /^[\x21-\x7e]{1,300}$/.test(signer.id),
        'the id is not 1 to 300 printable characters of ASCII without a space',
      )
    },
  },
  ...wrongRequests.map(
    ([what, request]): SignerContractCase => ({
      name: `refuses ${what} with a reason`,
      needs: [],
      async run(subject) {
        // As JavaScript would call it, past the types.
        const call = () => subject.signer.sign(request as Request)
        const error = expectReason(what, await settled(subject, what, rejection(what, call)))
        expectThat(
          error.disposition === 'fail',
          `${what} can never succeed: the disposition is fail`,
        )
      },
    }),
  ),
  {
    name: 'rejects with the reason of a signal that aborted before',
    needs: [],
    async run(subject) {
      const signal = AbortSignal.abort(new Error('stopped before'))
      for (const call of [
        () => sign(subject, { signal }),
        () => subject.signer.publicKey({ signal }),
      ]) {
        const thrown = await settled(subject, 'aborted before', rejection('aborted before', call))
        expectThat(thrown === signal.reason, 'it does not reject with the reason of the signal')
      }
    },
  },
  {
    name: 'rejects with the reason of a signal that aborts meanwhile',
    needs: [],
    async run(subject) {
      const { signal, abort } = abortable()
      const thrown = rejection('aborted meanwhile', () => sign(subject, { signal }))
      abort()
      const end = await settled(subject, 'aborted meanwhile', thrown)
      expectThat(end === signal.reason, 'it does not reject with the reason of the signal')
    },
  },
  {
    name: 'reports at most once, before it resolves, and no secret',
    needs: [],
    async run(subject) {
      const reports: SignReport[] = []
      await sign(subject, { onReport: (report) => reports.push(report) })
      const atOnce = reports.length
      await new Promise((resolve) => setTimeout(resolve, 5))
      expectThat(reports.length <= 1, 'it reported more than once')
      expectThat(reports.length === atOnce, 'it reported after it had resolved')
      for (const { attempts } of reports)
        expectThat(Number.isInteger(attempts) && attempts >= 1, 'it reports no whole attempt')
      expectNoSecret(subject, 'a report', reports)
    },
  },
  {
    name: 'shows no secret, neither itself nor in an error',
    needs: [],
    async run(subject) {
      expectNoSecret(subject, 'the signer', subject.signer)
      for (const [what, request] of wrongRequests) {
        const call = () => subject.signer.sign(request as Request)
        const thrown = await settled(subject, what, rejection(what, call))
        expectNoSecret(subject, `the error for ${what}`, thrown)
      }
    },
  },
]

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    abort: () => controller.abort(new Error('stopped meanwhile')),
  }
}
