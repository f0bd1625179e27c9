/** Any number of transactions at once from one account: a proposal key for each. @module */

export type { ProposalKeyLease, ProposalKeySource } from '../authorizer/proposal-key-source.ts'
export type { ProposalKeyPoolOptions } from './options.ts'
export { createProposalKeyPool, type ProposalKeyPool } from './proposal-key-pool.ts'
export type { PoolReport, PoolStats } from './report.ts'
