/** What a request needs to know about its node. @module */

/** One access node. */
export type NodeConnection = {
  /** Without a trailing slash, for example `http://127.0.0.1:8888`. */
  readonly url: string
  /** Milliseconds for a request with its retries. */
  readonly timeoutMs: number
}
