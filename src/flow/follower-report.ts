/** What a follower tells of its nodes. @module */

import type { SignerError } from '../errors.ts'
import type { NodeNews } from './node-roster.ts'

/** Something that an operator may want to know; following goes on. */
export type FollowerReport =
  | NodeNews
  | { readonly kind: 'retry'; readonly error: unknown; readonly failures: number }
  /** No node tells the results of this sealed block: transactions are asked for one by one. */
  | { readonly kind: 'singles'; readonly height: number }
  /** No new block for long, though something is waited for. Told again as long as that is so. */
  | { readonly kind: 'silent'; readonly error: SignerError<'ACCESS_NODE_STALE'> }
  /** Blocks do not come by WebSocket, or not any more: they are asked for. */
  | { readonly kind: 'socket-lost'; readonly reason: string; readonly failures: number }
  | { readonly kind: 'listener-failed'; readonly error: unknown }
