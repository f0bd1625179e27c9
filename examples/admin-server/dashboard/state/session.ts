/** Who is signed in. @module */

import { api, onUnauthenticated, setCsrfToken } from '../api.ts'
import { type Problem, problemOf } from '../problem.ts'
import { forgetKey, keepKeyOf } from '../request-signature.ts'
import type { Me, Role } from '../types.ts'
import { createStore, type Store } from './store.ts'

/** `signed-out` says why, where it was not the person's own doing. */
export type Session =
  | { readonly kind: 'unknown'; readonly problem?: Problem }
  | { readonly kind: 'signed-out'; readonly notice?: string }
  | { readonly kind: 'signed-in'; readonly me: Me }

/** The one session of the page. */
export const session: Store<Session> = createStore<Session>({ kind: 'unknown' })

const expired = 'Your session has ended. Sign in again to go on where you were.'

function enter(me: Me): void {
  setCsrfToken(me.csrfToken, me.requestSignatures !== 'off')
  session.set({ kind: 'signed-in', me })
}

/** Also called by the API when a call is answered with 401. */
export function endSession(notice?: string): void {
  setCsrfToken(null)
  forgetKey()
  const before = session.get()
  if (before.kind === 'signed-out') return
  const told = notice ?? (before.kind === 'signed-in' ? expired : undefined)
  session.set(told === undefined ? { kind: 'signed-out' } : { kind: 'signed-out', notice: told })
}

/** Finds out whether the cookie of an earlier visit still counts. */
export async function startSession(): Promise<void> {
  onUnauthenticated(endSession)
  try {
    enter(await api.me())
  } catch (thrown) {
    const problem = problemOf(thrown)
    if (problem && problem.status !== 401) session.set({ kind: 'unknown', problem })
  }
}

/** @throws {ProblemError} when the token is refused. */
export async function signIn(token: string): Promise<void> {
  const me = await api.signIn(token)
  if (me.requestSignatures !== 'off') await keepKeyOf(token)
  enter(me)
}

/** @throws {ProblemError} when the session could not be ended; then it still lives. */
export async function signOut(): Promise<void> {
  await api.signOut()
  endSession('You are signed out.')
}

/** What the page offers; the server decides. */
export const may = {
  approve: (me: Me): boolean => has(me, 'approver'),
  pause: (me: Me): boolean => has(me, 'operator'),
  seeKeys: (me: Me): boolean => has(me, 'approver', 'operator', 'auditor'),
  audit: (me: Me): boolean => has(me, 'auditor'),
}

const has = (me: Me, ...any: readonly Role[]): boolean =>
  any.some((role) => me.roles.includes(role))
