/** Cases of the signer contract: its backend is away, silent, or does not tell the truth. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  breach,
  expectNoSecret,
  expectReason,
  expectThat,
  isSignature,
  message,
  rejection,
  type SignerContractCase,
  type SignerContractSubject,
  settled,
  sign,
} from './signer-contract-subject.ts'

/** @param during - Runs while the fault is there; afterwards the signer must sign again by itself. */
async function whileFaulty(
  subject: SignerContractSubject,
  fault: () => Promise<void> | undefined,
  during: () => Promise<void>,
): Promise<void> {
  expectThat(subject.restore !== undefined, 'the subject has no `restore`')
  await healed(subject) // so that what comes is no failure of a start
  const before = await subject.signer.publicKey()
  try {
    await fault()
    await during()
  } finally {
    await subject.restore()
  }
  await healed(subject)
  const after = await subject.signer.publicKey()
  expectThat(Buffer.compare(before.bytes, after.bytes) === 0, 'it came back with another key')
}

/** Asks the same signer until it signs. */
async function healed(subject: SignerContractSubject): Promise<void> {
  const { settlesWithinMs = 60_000 } = subject
  const deadline = performance.now() + settlesWithinMs
  for (;;) {
    const signature = await settled(subject, 'signing again', sign(subject)).catch(() => undefined)
    if (signature !== undefined) {
      const question = { message, hashAlgorithm: 'SHA3_256', signature } as const
      expectThat(await isSignature(subject, question), 'what it signs afterwards does not verify')
      return
    }
    if (performance.now() > deadline)
      throw breach(`the backend is back, and it has not signed within ${settlesWithinMs} ms`)
    await sleep(20)
  }
}

const inHaste = (subject: SignerContractSubject): SignerContractSubject => ({
  ...subject,
  signer: subject.hasty ?? subject.signer,
})

async function failure(subject: SignerContractSubject, what: string): Promise<unknown> {
  const thrown = await settled(
    subject,
    what,
    rejection(what, () => sign(subject)),
  )
  expectNoSecret(subject, `the error ${what}`, thrown)
  return thrown
}

const corrupted = (how: 'other-key' | 'flipped-bit', name: string): SignerContractCase => ({
  name,
  needs: ['corrupt'],
  run: (subject) =>
    whileFaulty(
      subject,
      () => subject.corrupt?.(how),
      async () => {
        const error = expectReason(how, await failure(subject, how))
        expectThat(
          error.disposition !== 'retry',
          `${how}: it asks to try again what only an attack or a fault of the backend explains`,
        )
      },
    ),
})

export const awayCases: readonly SignerContractCase[] = [
  corrupted('other-key', 'refuses a signature of another key'),
  corrupted('flipped-bit', 'refuses a signature with one bit changed'),
  {
    name: 'says why it cannot sign while its backend is away, and signs again afterwards',
    needs: ['interrupt'],
    run: (subject) =>
      whileFaulty(
        inHaste(subject),
        () => subject.interrupt?.(),
        async () => {
          const error = expectReason(
            'away',
            await failure(inHaste(subject), 'while the backend is away'),
          )
          expectThat(
            /^(retry|hold)$/.test(error.disposition),
            'a backend that is away passes: the disposition is retry or hold',
          )
        },
      ),
  },
  {
    name: 'gives up by its own deadline while its backend is frozen, and signs again afterwards',
    needs: ['freeze'],
    run: (subject) =>
      whileFaulty(
        inHaste(subject),
        () => subject.freeze?.(),
        async () => {
          const error = expectReason('frozen', await failure(inHaste(subject), 'while frozen'))
          expectThat(
            /^(retry|hold)$/.test(error.disposition),
            'a backend that is frozen passes: the disposition is retry or hold',
          )
        },
      ),
  },
  {
    name: 'ends at once when the signal aborts while its backend is frozen',
    needs: ['freeze'],
    run: (subject) =>
      whileFaulty(
        subject,
        () => subject.freeze?.(),
        async () => {
          const controller = new AbortController()
          const what = 'aborted while frozen'
          const call = () => sign(subject, { signal: controller.signal })
          const thrown = rejection(what, call)
          await sleep(20) // the call is on its way to the backend by then, or it waits: both must end
          controller.abort(new Error('stopped while frozen'))
          const end = await settled(subject, what, thrown)
          expectThat(end === controller.signal.reason, `${what}: not with the reason of the signal`)
        },
      ),
  },
]
