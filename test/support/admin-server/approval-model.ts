/** A small model of requests, approvals and limits, and steps that both it and the code go through. @module */

import fc from 'fast-check'
import type { WeightedKey } from '../../../examples/admin-server/src/approvals/quorum.ts'
import type { Accepted } from '../../../examples/admin-server/src/requests/accept.ts'
import { mayCount, weightOf } from './approval-arbitraries.ts'

/** One step. `pick` and `who` choose from what is there, so that every list of steps makes sense. */
export type Step = {
  readonly kind:
    | 'accept'
    | 'approve'
    | 'approve-other'
    | 'withdraw'
    | 'cancel'
    | 'approval-expires'
    | 'request-expires'
    | 'expire'
    | 'key'
    | 'release'
    | 'decide'
    | 'promote'
    | 'pause'
    | 'next-day'
  readonly pick: number
  readonly who: number
}

/** Requesters and approvers; alice and bob are both. */
export const people = ['shop', 'alice', 'bob', 'carol'] as const

export const firstKeys: readonly WeightedKey[] = [
  {
    ...{ keyIndex: 0, weight: 400, revoked: false, holder: 0, successor: false },
    rule: 'automatic',
  },
  {
    ...{ keyIndex: 1, weight: 600, revoked: false, holder: 1, successor: false },
    rule: { approvers: ['alice', 'bob'] },
  },
  {
    ...{ keyIndex: 2, weight: 300, revoked: false, holder: 2, successor: false },
    rule: { approvers: ['carol'] },
  },
  {
    ...{ keyIndex: 3, weight: 300, revoked: false, holder: 3, successor: false },
    rule: { approvers: ['shop'] },
  },
]

export const limits = { roles: ['requester'], maxAmountPerDay: 4, maxAmountInAll: 7 } as const

/** What leads to a signature comes more often than what keeps from it, or nothing would be signed. */
const kinds: readonly Step['kind'][] = [
  ...(['approve', 'approve', 'approve', 'approve', 'approve', 'approve'] as const),
  ...(['release', 'release', 'release', 'release', 'promote', 'accept', 'accept'] as const),
  ...(['decide', 'decide', 'decide', 'decide', 'decide', 'decide', 'decide', 'decide'] as const),
  ...(['withdraw', 'cancel', 'key', 'key', 'approval-expires', 'request-expires'] as const),
  ...(['expire', 'pause', 'next-day', 'approve-other'] as const),
]

const given: readonly Step[] = [
  { kind: 'accept', pick: 1, who: 0 },
  { kind: 'accept', pick: 0, who: 1 },
  { kind: 'approve', pick: 0, who: 1 },
  { kind: 'release', pick: 0, who: 0 },
]

/** Two requests, one of them approved and released; then anything. */
export const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(60), who: fc.nat(11) }), {
    minLength: 8,
    maxLength: 32,
    size: 'max',
  })
  .map((list) => [...given, ...list])

export type ModelItem = {
  readonly jobId: string
  readonly request: ModelRequest
  /** Which day it counts for, by the place in `spent`. */
  decidedOn: number | undefined
  cancelled: boolean
}

type ModelApproval = { readonly name: string; expired: boolean; withdrawn: boolean }

export type ModelRequest = {
  readonly asked: Accepted
  readonly requester: string
  readonly items: ModelItem[]
  readonly approvals: ModelApproval[]
  state: 'waiting' | 'ready' | 'released' | 'cancelled' | 'expired'
  decided: boolean
  inTime: boolean
}

/** What the model holds true. Spending is kept by day, the last being today. */
export type Model = {
  readonly requests: ModelRequest[]
  readonly spent: number[]
  keys: readonly WeightedKey[]
  paused: boolean
}

export const startModel = (): Model => ({
  requests: [],
  spent: [0],
  keys: firstKeys,
  paused: false,
})

export const isOver = ({ state }: ModelRequest): boolean =>
  state === 'cancelled' || state === 'expired'

/** The keys that may sign for it, by the definition and not by the code. */
export function grantedTo({ keys }: Model, { requester, approvals }: ModelRequest): Set<number> {
  const standing = approvals.map(({ name, expired, withdrawn }) => ({
    ...{ approver: name, digest: 'd', expiresAt: expired ? 0 : 2, withdrawn },
  }))
  return mayCount({ keys, approvals: standing, requester, digest: 'd', now: 1 })
}

export const isMet = (model: Model, request: ModelRequest): boolean =>
  weightOf(model.keys, grantedTo(model, request)) >= 1_000

/** @returns The code of the refusal, or undefined when it is taken. */
export function approveModel(
  model: Model,
  request: ModelRequest,
  name: string,
  rightDigest: boolean,
): string | undefined {
  if (request.requester === name) return 'SELF_APPROVAL'
  const stands = model.keys.some(
    ({ rule }) => rule !== 'automatic' && rule.approvers.includes(name),
  )
  if (!stands) return 'NOT_AN_APPROVER'
  if (isOver(request)) return 'REQUEST_OVER'
  if (request.decided) return 'ALREADY_DECIDED'
  if (!rightDigest) return 'DIGEST_MISMATCH'
  if (request.state === 'waiting' && !request.inTime) return 'REQUEST_OVER'
  const mine = request.approvals.filter((one) => one.name === name && !one.withdrawn)
  if (mine.some(({ expired }) => !expired)) return 'ALREADY_APPROVED'
  for (const one of mine) one.withdrawn = true
  request.approvals.push({ name, expired: false, withdrawn: false })
  settle(model, request)
  return undefined
}

/** @returns As `approveModel`. */
export function withdrawModel(
  model: Model,
  request: ModelRequest,
  name: string,
): string | undefined {
  if (isOver(request)) return 'REQUEST_OVER'
  if (request.decided) return 'ALREADY_DECIDED'
  const mine = request.approvals.find((one) => one.name === name && !one.withdrawn)
  if (mine === undefined) return 'NOT_APPROVED'
  mine.withdrawn = true
  settle(model, request)
  return undefined
}

/** @returns As `approveModel`. */
export function cancelModel(
  request: ModelRequest,
  name: string,
  isOperator: boolean,
): string | undefined {
  if (request.requester !== name && !isOperator) return 'FORBIDDEN'
  if (isOver(request)) return 'REQUEST_OVER'
  return endUndecided(request, 'cancelled') === 0 ? 'ALREADY_DECIDED' : undefined
}

/** Those that were not approved in time. @returns How many. */
export function expireModel({ requests }: Model): number {
  const late = requests.filter(
    ({ state, decided, inTime, items }) =>
      state === 'waiting' && !decided && !inTime && items.some(isUndecided),
  )
  for (const request of late) endUndecided(request, 'expired')
  return late.length
}

/** @returns The job ids of what is handed to the relay. */
export function releaseModel(model: Model): readonly string[] {
  return model.requests
    .filter(({ state }) => state === 'ready')
    .flatMap((request) => {
      request.state = isMet(model, request) ? 'released' : 'waiting'
      if (request.state === 'waiting') return []
      return request.items.filter(({ cancelled }) => !cancelled).map(({ jobId }) => jobId)
    })
}

/** Those that wait although their keys are met. */
export function promoteModel(model: Model): void {
  for (const request of model.requests)
    if (request.state === 'waiting' && request.inTime && isMet(model, request))
      request.state = 'ready'
}

const isUndecided = ({ decidedOn, cancelled }: ModelItem) => decidedOn === undefined && !cancelled

function endUndecided(request: ModelRequest, state: 'cancelled' | 'expired'): number {
  const ended = request.items.filter(isUndecided)
  for (const item of ended) item.cancelled = true
  if (request.items.every(({ cancelled }) => cancelled)) request.state = state
  return ended.length
}

function settle(model: Model, request: ModelRequest): void {
  if (!isMet(model, request)) request.state = 'waiting'
  else if (request.state !== 'released') request.state = 'ready'
}
