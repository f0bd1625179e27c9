/** A guest as the enclave of a parent, started again by whoever keeps it running. @module */

import type { EnclaveRunner } from 'fcl-kms/enclave'
import { type Guest, type GuestOptions, startGuest } from './guest.ts'

/** A runner for `createEnclaveHost`, and the guest that it runs. */
export type GuestRunner = EnclaveRunner & {
  /** The last that was started, be it that it is gone. */
  readonly guest: () => Guest | undefined
}

/** @param options - Asked at each start. */
export function createGuestRunner(
  options: () => GuestOptions | Promise<GuestOptions>,
): GuestRunner {
  let guest: Guest | undefined
  return Object.freeze({
    async start({ signal }) {
      guest = await startGuest({ ...(await options()), signal })
      return { ended: guest.ended, stop: guest.kill }
    },
    guest: () => guest,
  } satisfies GuestRunner)
}
