/** Where proposal keys, jobs and signed transactions are kept: in memory, or in a database. @module */

export { createMemoryStore } from './memory-store.ts'
export type { SqlDatabase } from './sql-database.ts'
export { createSqlStore, type SqlStoreOptions } from './sql-store.ts'
export type {
  AttemptRow,
  AttemptSettlement,
  Claim,
  HoldEnd,
  HoldRow,
  JobCounts,
  JobIntent,
  JobRow,
  JobSettlement,
  JobState,
  LeaseFact,
  ProposalKeyRow,
  ProposalKeyState,
  ProposalKeyStore,
  RelayStore,
} from './store.ts'
