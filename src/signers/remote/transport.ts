/** One way to a signing service, whichever: a request goes, a reply comes. @module */

import type { CallQueue } from '../call-queue.ts'

/** A reply as it came, read up to the bound of the protocol. Nothing in it is trusted. */
export type TransportReply = {
  /** Of HTTP; 200 for a Lambda that was invoked and returned. */
  readonly status: number
  /** Of HTTP, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

/** How a request goes. */
export type SendOptions = {
  /** Ends the request, and closes its socket. */
  readonly signal: AbortSignal
  /** Whether what was remembered of the credentials was refused: ask for others. */
  readonly freshCredentials: boolean
}

/** A way to a signing service. Keeps its sockets, which hold no process open. */
export type RemoteTransport = {
  /** Names host, socket or function, for ids and people; neither a path of a URL nor a secret. */
  readonly target: string
  /** The line in front of its sockets, which all who use them share. */
  readonly queue: () => Promise<CallQueue>
  /**
   * Sends once, follows no redirect, tries nothing again.
   *
   * @param body - JSON in UTF-8. Rejects with whatever the way failed with; see `failures.ts`.
   */
  readonly send: (body: Uint8Array, options: SendOptions) => Promise<TransportReply>
}
