/** The store of sealed keys, as the enclave asks for it: records go by as they are. @module */

import { SignerError } from '../../errors.ts'
import { base64ToBytes, bytesToBase64 } from '../../signers/remote/base64.ts'
import {
  assertStore,
  createBoundedKeyStore,
  READ_BYTES,
  type SealedKeyStore,
} from '../../signers/sealed-key/key-store.ts'
import { MAX_RECORD_BYTES } from '../../signers/sealed-key/record.ts'
import { isWalletId } from '../../signers/sealed-key/wallet-id.ts'
import { type JsonObject, type JsonRoute, malformed } from './json-door.ts'

/** Ids on a page, at most: as many as an answer holds, whatever they are. */
const PAGE = 500

/**
 * A record is sealed and bound to its wallet, so the parent can lose one or give an older one, and can
 * neither read nor make one.
 *
 * @param timeoutMs - Of each step.
 * @throws {SignerError} `INVALID_OPTION` for what is no store. The route throws `STORE_…` codes and
 * `SIGNING_REQUEST_MALFORMED`.
 */
export function createStoreRoute(given: SealedKeyStore, timeoutMs: number): JsonRoute {
  assertStore(given)
  const store = createBoundedKeyStore(given, timeoutMs)
  return async ({ operation, ...asked }, signal) => {
    switch (operation) {
      case 'read': {
        const { id } = fieldsOf(asked, ['id'])
        const record = await store.read(idOf(id), { signal })
        // One that is too long is none, and the enclave says so: it need not come whole.
        return { record: record === undefined ? null : bytesToBase64(record.slice(0, READ_BYTES)) }
      }
      case 'create': {
        const { id, record } = fieldsOf(asked, ['id', 'record'])
        return { done: await store.create(idOf(id), recordOf(record), { signal }) }
      }
      case 'replace': {
        const { id, expected, next } = fieldsOf(asked, ['id', 'expected', 'next'])
        const other = next === null ? undefined : recordOf(next)
        return { done: await store.replace(idOf(id), recordOf(expected), other, { signal }) }
      }
      case 'list': {
        const { after, limit } = fieldsOf(asked, ['after', 'limit'])
        const asks = Number(limit)
        if (typeof limit !== 'number' || !Number.isInteger(asks) || asks < 1 || asks > 1_000)
          throw malformed('limit is not a whole number from 1 to 1000')
        if (
          after !== undefined &&
          (typeof after !== 'string' || !/^[^\p{Cc}]{1,2048}$/u.test(after))
        )
          throw malformed('after is not what a page ended with')
        const most = Math.min(asks, PAGE)
        const page = await store.list({
          ...(after === undefined ? {} : { after }),
          ...{ limit: most, signal },
        })
        if (page.ids.length > most) throw new SignerError('STORE_ANSWER_INVALID', { operation })
        const { ids, next } = page
        return { ids: ids.filter(isWalletId), ...(next === undefined ? {} : { next }) }
      }
      default:
        throw malformed('operation is none of read, create, replace and list')
    }
  }
}

/** @throws {SignerError} `SIGNING_REQUEST_MALFORMED` for fields that the operation does not have. */
function fieldsOf<Name extends string>(
  asked: JsonObject,
  names: readonly Name[],
): Readonly<Record<Name, unknown>> {
  const known: readonly string[] = names
  if (Object.keys(asked).some((name) => !known.includes(name)))
    throw malformed(`it has fields other than ${names.join(', ')}`)
  return asked as Readonly<Record<Name, unknown>> // each is looked at before it is used
}

function idOf(id: unknown): string {
  if (isWalletId(id)) return id
  throw malformed('id is not that of a wallet')
}

function recordOf(text: unknown): Uint8Array {
  const bytes = typeof text === 'string' ? base64ToBytes(text) : undefined
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_RECORD_BYTES) return bytes
  throw malformed(`a record is not base64 of 1 to ${MAX_RECORD_BYTES} bytes`)
}
