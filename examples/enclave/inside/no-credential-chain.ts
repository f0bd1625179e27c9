/**
 * In the place of the AWS SDK's chain of credentials, when this is bundled: an enclave has no place to look
 * for any, and uses those that its parent hands in.
 * @module
 */

/** @returns Rejects. */
export const defaultProvider = (): (() => Promise<never>) => () =>
  Promise.reject(new Error('There is no chain of credentials in an enclave.'))
