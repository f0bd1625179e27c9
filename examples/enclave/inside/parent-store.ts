/** Records that lie with the parent: every answer is one of the few there can be, or a fault. @module */

import { SignerError } from 'fcl-kms'
import type { SealedKeyStore, WalletPage } from 'fcl-kms/signers/sealed-key'
import { base64ToBytes, bytesToBase64 } from '../../../src/signers/remote/base64.ts'
import { type AskParent, codeOfAnswer, fieldsOfAnswer, type ParentAnswer } from './parent.ts'

const TIMEOUT_MS = 10_000
/** Digits of base64: one record is 8,192 bytes at most, and what is longer is none. */
const MAX_RECORD_DIGITS = 11_000
const MAX_PAGE = 1_000
const MAX_TEXT = 2_048

/**
 * The parent may lie: about what is there, what it has kept, and what is newer. It cannot make a record
 * that opens as another's, since the key is bound to wallet and enclave.
 *
 * @returns Each function rejects with `STORE_DENIED`, `STORE_UNAVAILABLE` or `STORE_ANSWER_INVALID`.
 */
export function createParentStore(ask: AskParent): SealedKeyStore {
  async function asked(
    operation: keyof SealedKeyStore,
    question: object,
    signal: AbortSignal | undefined,
    known: readonly string[],
  ): Promise<Readonly<Record<string, unknown>>> {
    const isRepeatable = operation === 'read' || operation === 'list'
    const answer = await ask(
      '/store',
      { version: 1, operation, ...question },
      { timeoutMs: TIMEOUT_MS, signal, isRepeatable },
    ).catch(() => undefined)
    signal?.throwIfAborted()
    if (answer?.status !== 200) throw refusal(operation, answer)
    return fieldsOfAnswer(answer.body, known) ?? raise(operation)
  }

  async function done(
    operation: 'create' | 'replace',
    question: object,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { done: isDone } = await asked(operation, question, signal, ['done'])
    return typeof isDone === 'boolean' ? isDone : raise(operation)
  }

  return Object.freeze({
    create: (id, record, { signal } = {}) =>
      done('create', { id, record: bytesToBase64(record) }, signal),

    async read(id, { signal } = {}) {
      const { record } = await asked('read', { id }, signal, ['record'])
      return record === null ? undefined : recordOf(record)
    },

    async list({ after, limit, signal }) {
      const page = { limit: Math.min(limit, MAX_PAGE), ...(after !== undefined && { after }) }
      return pageOf(await asked('list', page, signal, ['ids', 'next']))
    },

    replace: (id, expected, next, { signal } = {}) => {
      const change = {
        expected: bytesToBase64(expected),
        next: next === undefined ? null : bytesToBase64(next),
      }
      return done('replace', { id, ...change }, signal)
    },
  } satisfies SealedKeyStore)
}

function recordOf(record: unknown): Uint8Array {
  const isText = typeof record === 'string' && record.length <= MAX_RECORD_DIGITS
  return (isText ? base64ToBytes(record) : undefined) ?? raise('read')
}

function pageOf({ ids, next }: Readonly<Record<string, unknown>>): WalletPage {
  const isText = (one: unknown): one is string => typeof one === 'string' && one.length <= MAX_TEXT
  if (!Array.isArray(ids) || ids.length > MAX_PAGE || !ids.every(isText)) return raise('list')
  if (next === undefined) return { ids }
  return isText(next) && next !== '' ? { ids, next } : raise('list')
}

function raise(operation: string): never {
  throw new SignerError('STORE_ANSWER_INVALID', { operation })
}

/** Of what the parent says only its code is read: a text of its own could say anything. */
function refusal(operation: string, answer: ParentAnswer | undefined): SignerError {
  return answer !== undefined && codeOfAnswer(answer.body) === 'STORE_DENIED'
    ? new SignerError('STORE_DENIED', { operation, reason: 'the parent says so' })
    : new SignerError('STORE_UNAVAILABLE', { operation })
}
