/** What FCL's own configuration holds, wherever FCL was loaded from. @module */

import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'

// FCL is the user's, and optional: a literal import would bundle it, or fail where there is none,
// and an import by a variable name finds nothing in a bundle, or another copy than the one that is
// in use. But every version keeps its configuration in one actor of a registry on the global object,
// which all copies in a process share, so it is asked there. What was put before is read: letters
// are taken in their order.
type Actor = { readonly mailbox: { readonly deliver: (letter: object) => unknown } }

/** How long FCL may take to answer, in milliseconds. It answers at once. */
const ANSWER_MS = 1_000

/** @returns All that `fcl.config` holds; `undefined` when no FCL was loaded, or it does not answer. */
export async function readFclConfig(): Promise<Readonly<Record<string, unknown>> | undefined> {
  const actor = configActor()
  if (actor === undefined) return undefined
  try {
    return await withDeadline(
      { timeoutMs: ANSWER_MS, onTimeout: () => new Error('no answer') },
      () =>
        new Promise((resolve, reject) => {
          const reply = (all: unknown) => resolve(isRecord(all) ? { ...all } : undefined)
          actor.mailbox.deliver({ to: 'config', tag: 'GET_ALL_CONFIG', data: {}, reply, reject })
        }),
    )
  } catch {
    return undefined
  }
}

/**
 * @returns The URL in `accessNode.api`.
 * @throws {SignerError} `ACCESS_NODE_NOT_SET`.
 */
export async function fclAccessNode(): Promise<string> {
  const config = await readFclConfig()
  const url = config?.['accessNode.api']
  if (typeof url === 'string' && url !== '') return url
  const reason =
    config === undefined
      ? 'no FCL was loaded in this process'
      : 'accessNode.api of fcl.config is not set; what createFlowClient was given is not seen here'
  throw new SignerError('ACCESS_NODE_NOT_SET', { reason })
}

function configActor(): Actor | undefined {
  const registry: unknown = Reflect.get(globalThis, 'FCL_REGISTRY')
  const actor = isRecord(registry) ? registry['config'] : undefined
  const mailbox = isRecord(actor) ? actor['mailbox'] : undefined
  if (!isRecord(mailbox) || typeof mailbox['deliver'] !== 'function') return undefined
  return actor as Actor // its mailbox takes letters, as was just seen
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
