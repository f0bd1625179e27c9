/** What the relay tells of the nodes that it follows. @module */

import { codeOf } from '../errors.ts'
import type { FollowerReport } from '../flow/follower-report.ts'
import type { RelayObserver } from './events.ts'

/** A request that failed once or twice is nothing to tell of: another follows at once. */
const TOLD_FROM = 3

/** @returns What the follower may call. */
export function createNodeNews(tell: RelayObserver): (report: FollowerReport) => void {
  const trouble = (code: string) => tell({ kind: 'trouble', code, where: 'follow' })
  return (report) => {
    switch (report.kind) {
      case 'node-left':
      case 'node-back':
        return tell(report)
      case 'silent':
        return trouble(report.error.code)
      case 'singles': // none of them tells the results of blocks
        return trouble('ACCESS_NODE_REFUSED')
      case 'retry':
        return report.failures >= TOLD_FROM ? trouble(codeOf(report.error)) : undefined
      case 'listener-failed':
        return trouble(codeOf(report.error))
      case 'socket-lost': // it is asked instead
    }
  }
}
