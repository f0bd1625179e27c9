/** The templates of a relay, with the addresses of what they import. @module */

import { isSignerError } from '../errors.ts'
import type { Batch } from './batch.ts'
import type { Imports } from './imports.ts'

/** See `RelayOptions.batches`. */
export type Templates = {
  /** Those that can be signed. One whose imports get their addresses later is put in then. */
  readonly batches: ReadonlyMap<string, Batch>
  readonly names: () => readonly string[]
  /**
   * @returns The source of a template of these names; at once, unless its imports had no address so far.
   * @throws {SignerError} `CADENCE_IMPORT_UNRESOLVED`, by rejecting.
   */
  readonly sourceOf: (name: string) => string | Promise<string>
}

/**
 * A template whose imports have no address yet does not stop the relay: `submit` refuses its jobs, and
 * looks again each time, since FCL may be configured later.
 *
 * @param all - By name, with the sources as they were given.
 */
export async function createTemplates(
  all: ReadonlyMap<string, Batch>,
  imports: Imports,
): Promise<Templates> {
  const batches = new Map<string, Batch>()
  async function resolve(name: string, batch: Batch): Promise<string> {
    const cadence = await imports.resolve(batch.cadence)
    const ready = batches.get(name) ?? Object.freeze({ ...batch, cadence })
    batches.set(name, ready)
    return ready.cadence
  }
  for (const [name, batch] of all)
    await resolve(name, batch).catch((thrown: unknown) => {
      if (!isSignerError(thrown, 'CADENCE_IMPORT_UNRESOLVED')) throw thrown
    })
  return {
    batches,
    names: () => [...all.keys()],
    sourceOf(name) {
      const batch = all.get(name)
      return batches.get(name)?.cadence ?? (batch === undefined ? '' : resolve(name, batch))
    },
  }
}
