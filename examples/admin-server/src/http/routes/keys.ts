/** The keys of the account, and its proposal keys. @module */

import type { FastifyInstance } from 'fastify'
import { standingKeys } from '../../approvals/quorum.ts'
import type { KeyRule } from '../../config/config.ts'
import { describeConfiguredKeys } from '../../execution/key-facts.ts'
import { keyList, proposalKeyList } from '../schemas/keys.ts'
import type { RouteContext } from './context.ts'

const readers = { roles: ['approver', 'operator', 'auditor'] } as const

export function keyRoutes(app: FastifyInstance, context: RouteContext): void {
  const { config, accountKeys, signing } = context
  const factsOf = describeConfiguredKeys(config, signing.kms)

  app.get(
    '/v1/keys',
    {
      config: { auth: readers },
      schema: {
        tags: ['keys'],
        summary: 'Weights, bindings, states and ages',
        operationId: 'listKeys',
        response: { 200: keyList },
      },
    },
    async () => {
      const read = accountKeys.shown()
      const reported = read?.keys ?? []
      const weighty = reported.filter(({ weight }) => weight > 0)
      const shown = weighty.flatMap(({ held, ...one }) =>
        held === undefined ? [] : [{ ...one, ...held, rule: ruleOf(held.rule) }],
      )
      const unheld = weighty.flatMap(({ held, ...one }) =>
        held === undefined ? [{ ...one, key: undefined, rule: null, successor: false }] : [],
      )
      const standing = standingKeys(shown)
      const counted = new Set(standing.map(({ index }) => index))
      const keys = await Promise.all(
        [...shown, ...unheld].map(async (one) => ({
          index: one.index,
          weight: one.weight,
          revoked: one.revoked,
          publicKey: one.publicKey,
          signatureAlgorithm: one.signatureAlgorithm,
          hashAlgorithm: one.hashAlgorithm,
          key: one.key ?? null,
          ...(await factsOf(one.key)),
          rule: one.rule,
          successor: one.successor,
          replaced: one.rule !== null && !counted.has(one.index),
        })),
      )
      const totalWeight = standing.reduce((sum, one) => sum + (one.revoked ? 0 : one.weight), 0)
      const { address } = config.account
      const readAt = read?.readAt.toISOString() ?? null
      return { account: address, chainId: config.network.chainId, readAt, keys, totalWeight }
    },
  )
  app.get(
    '/v1/proposal-keys',
    {
      config: { auth: readers },
      schema: {
        tags: ['keys'],
        summary: 'Proposal keys and what they do',
        operationId: 'listProposalKeys',
        response: { 200: proposalKeyList },
      },
    },
    async () => {
      const rows = await signing.store.listKeys(config.account.address)
      const countOf = (state: string) => rows.filter((row) => row.state === state).length
      return {
        keys: rows.map(({ keyIndex, state, sequenceNumber, transactionId, reason }) => ({
          index: keyIndex,
          state,
          sequenceNumber: sequenceNumber.toString(),
          transactionId,
          reason,
        })),
        counts: {
          free: countOf('free'),
          leased: countOf('leased'),
          inFlight: countOf('in-flight'),
          quarantined: countOf('quarantined'),
        },
      }
    },
  )
}

/** As it is answered: a list of its own, since the configuration's is frozen. */
const ruleOf = (rule: KeyRule) => (rule === 'automatic' ? rule : { approvers: [...rule.approvers] })
