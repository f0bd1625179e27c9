/** Thousands of transactions from one account, each accepted job executed exactly once. @module */

export type {
  ArgumentsFunction,
  FclArgument,
  FclType,
  FclTypes,
} from '../authorizer/fcl-arguments.ts'
export type { AttemptRow, JobCounts, JobRow, JobState, RelayStore } from '../stores/store.ts'
export type { BatchTemplate } from './batch.ts'
export type { RelayEvent, RelayObserver } from './events.ts'
export type { SubmitRequest } from './intent.ts'
export type { Job } from './job.ts'
export type { JsonCadence } from './json-cadence.ts'
export type { RelayOptions } from './options.ts'
export type { JobOutcome } from './outcome.ts'
export { createRelay, type Relay, type RelayStats } from './relay.ts'
export type { PolicyVerdict, RelayPolicy } from './verdict.ts'
