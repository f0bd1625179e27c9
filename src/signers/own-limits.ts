/** Time-outs of limits of ours, as the AWS SDK throws its own. @module */

/** Named like the SDK's own, and read like it. @param limit - The name of an option of ours. */
export function limitError(limit: string): Error {
  const error = new Error(`limit: ${limit}`)
  error.name = 'TimeoutError'
  return error
}

/** @returns The name that `limitError` was given; undefined when it is not one of those. */
export const ownLimit = (message: string): string | undefined =>
  /^limit: (?<name>\w+)$/.exec(message)?.groups?.['name']
