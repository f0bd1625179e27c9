/** One seed for each run of the tests: printed, and given again by the environment. @module */
import { createHash, randomInt } from 'node:crypto'

/** `FCL_KMS_SEED=<number>` repeats a run. It stands in the titles of the tests that use it. */
export const seed: number = Number(process.env['FCL_KMS_SEED'] ?? randomInt(1, 2 ** 31))

/** @returns 32 bytes that depend on the seed and the label alone. */
export const seededBytes = (label: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`${seed} ${label}`).digest())
