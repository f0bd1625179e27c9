/** A signer that does right, over a backend in this process that is as a test wants it. @module */
import { randomBytes } from 'node:crypto'
import { withDeadline } from '../../../src/deadline.ts'
import { SignerError } from '../../../src/errors.ts'
import type { Signer, SignRequest } from '../../../src/signers/signer.ts'
import { createVerifiedSigner } from '../../../src/signers/verified-signer.ts'
import { createSoftwareSigner, type SignerContractSubject } from '../../../src/testing/index.ts'
import type { Algorithm } from '../crypto/independent.ts'

export type State = 'up' | 'away' | 'frozen' | 'other-key' | 'flipped-bit'

export type World = {
  state: State
  readonly privateKey: Uint8Array
  readonly backend: Signer
  readonly other: Signer
}

/** What a signer does otherwise than the good one. */
export type Change = (good: Signer, world: World) => Partial<Signer>

/** The case that names it, what the signer does, how, and what else the subject has. */
export type BadSigner = readonly [string, string, Change, Partial<SignerContractSubject>?]

/** For signers that wait for ever. */
export const soon = { settlesWithinMs: 200 }
export const PIN = 'the PIN of a test'

export const flip = (raw: Uint8Array, at: number): Uint8Array => raw.with(at, (raw[at] ?? 0) ^ 1)
export const never = (): Promise<never> => new Promise(() => undefined)
export const away = (): SignerError =>
  new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode: 'the backend', reason: 'away' })

export async function answerOf(world: World, request: SignRequest): Promise<Uint8Array> {
  if (world.state === 'away') throw away()
  if (world.state === 'frozen') return never()
  if (world.state === 'other-key') return world.other.sign(request)
  const raw = await world.backend.sign(request)
  return world.state === 'flipped-bit' ? flip(raw, 40) : raw
}

export function subjectOf(
  change: Change = () => ({}),
  more: Partial<SignerContractSubject> = {},
  algorithm: Algorithm = 'ECDSA_P256',
): SignerContractSubject {
  const privateKey = new Uint8Array(randomBytes(32)).fill(1, 0, 1) // below the order
  const backend = createSoftwareSigner({ algorithm, privateKey })
  const other = createSoftwareSigner({ algorithm })
  const world: World = { state: 'up', privateKey, backend, other }
  const good = createVerifiedSigner({
    id: 'of-a-test',
    publicKey: () => backend.publicKey(),
    sign: (request) =>
      withDeadline({ signal: request.signal, timeoutMs: 40, onTimeout: away }, () =>
        answerOf(world, request),
      ),
  })
  const set = (state: State) => async () => {
    world.state = state
  }
  return {
    signer: Object.freeze({ ...good, ...change(good, world) }),
    algorithm,
    secrets: [privateKey, PIN],
    interrupt: set('away'),
    freeze: set('frozen'),
    restore: set('up'),
    corrupt: async (how) => set(how)(),
    ...more,
  }
}
