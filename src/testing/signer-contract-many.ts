/** Cases of the signer contract: many calls at the same time. @module */
import {
  expectThat,
  isSignature,
  type SignerContractCase,
  settled,
  sign,
} from './signer-contract-subject.ts'

const BURST = 64

const texts = (count: number) =>
  Array.from({ length: count }, (_, index) => new TextEncoder().encode(`message ${index}`))

export const manyCases: readonly SignerContractCase[] = [
  {
    name: 'signs many messages at the same time without mixing them up, and no more at once than it may',
    needs: [],
    async run(subject) {
      const jobs = texts(BURST).map((message, index) => ({
        message,
        hashAlgorithm: index % 2 === 0 ? ('SHA2_256' as const) : ('SHA3_256' as const),
      }))
      const all = Promise.all(jobs.map((job) => sign(subject, job)))
      const signatures = await settled(subject, `${BURST} signatures at the same time`, all)
      for (const [index, job] of jobs.entries()) {
        const signature = signatures[index] ?? new Uint8Array()
        const good = await isSignature(subject, { ...job, signature })
        expectThat(good, `of ${BURST} signatures at the same time, number ${index} does not verify`)
      }
      const { limit, highest } = subject.atOnce ?? { limit: 0, highest: () => 0 }
      expectThat(highest() <= limit, `${highest()} calls at the same time, of at most ${limit}`)
    },
  },
  {
    name: 'signs for others when a crowd before them aborts',
    needs: [],
    async run(subject) {
      const controller = new AbortController()
      const { signal } = controller
      const crowd = texts(BURST).map((message) => sign(subject, { message, signal }))
      const ends = Promise.allSettled(crowd)
      const other = sign(subject)
      controller.abort(new Error('the crowd goes home'))
      const signature = await settled(subject, 'a signature behind a crowd that aborts', other)
      expectThat(signature.length === 64, 'it is not 64 bytes')
      const told = await settled(subject, `${BURST} calls that were aborted`, ends)
      const wrong = told.find((end) => end.status === 'rejected' && end.reason !== signal.reason)
      expectThat(
        wrong === undefined,
        'an aborted call rejected with another reason than the signal',
      )
    },
  },
]
