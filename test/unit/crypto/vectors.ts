/** Reads vectors: our own beside the tests, those of others from the folder next to the repository. @module */
import { existsSync, readFileSync } from 'node:fs'
import type { Algorithm, Hash } from './independent.ts'

const ownFolder = new URL('../../vectors/', import.meta.url)
const sharedFolder = new URL('../../../../shared/vectors/', import.meta.url)

const read = (folder: URL, name: string): string => readFileSync(new URL(name, folder), 'utf8')

/** The text of one of our own files. */
export const readOwn = (name: string): string => read(ownFolder, name)
/** The text of a file of others. */
export const readShared = (name: string): string => read(sharedFolder, name)
/** A file of others, as JSON. */
export const parseShared = <T>(name: string): T => JSON.parse(readShared(name)) as T

/** A row of `der-signatures.json`. */
export type ValidRow = {
  readonly id: string
  readonly class: 'OK_VERIFIES' | 'VERIFY_FAILS'
  readonly algorithm: Algorithm
  readonly hashAlgorithm: Hash
  readonly publicKey: string
  readonly message: string
  readonly der: string
  readonly raw: string
}
export type RefusedRow = {
  readonly id: string
  readonly class: 'ENCODING' | 'NEGATIVE' | 'RANGE'
  readonly algorithm: Algorithm
  readonly der: string
}
export const derVectors: {
  readonly valid: readonly ValidRow[]
  readonly refused: readonly RefusedRow[]
} = JSON.parse(readOwn('der-signatures.json'))
export const rawVectors: readonly {
  readonly id: string
  readonly algorithm: Algorithm
  readonly given: string
  readonly raw: string | null
}[] = JSON.parse(readOwn('raw-signatures.json'))
export const hashVectors: readonly Record<'id' | 'message' | 'sha3' | 'keccak' | 'sha2', string>[] =
  JSON.parse(readOwn('hashes.json'))

/**
 * A suite on the vectors of others. In a clone without them it is skipped, in one visible line,
 * and counted as skipped.
 */
export function describeShared(title: string, files: readonly string[], suite: () => void): void {
  const missing = files.filter((name) => !existsSync(new URL(name, sharedFolder)))
  if (missing.length === 0) {
    describe(title, suite)
    return
  }
  const line = `${title}: SKIPPED, ../shared/vectors has no ${missing[0]}`
  process.stderr.write(`${line}\n`) // jest shows the titles of skipped tests only when verbose
  describe.skip(line, suite)
}
