/** The token that is meant: found by its name, never by its slot, and logged in to. @module */

import type { Handle, TokenInfo } from 'pkcs11js'
import type { OpenedToken, OpenTask } from '../protocol.ts'
import type { TokenName } from '../uri.ts'
import { faultError, returnValue } from './faults.ts'
import type { Library } from './library.ts'
import { isMarked, markPin, type Pin } from './pin.ts'

/** A token, and what is needed to open sessions on it. */
export type Token = {
  readonly opened: Omit<OpenedToken, 'pinFileIsOpen'>
  readonly openSession: () => Handle
}

type Found = { readonly slot: Handle; readonly info: TokenInfo }

/** Fields of C_GetTokenInfo are padded with spaces; some tokens pad with zeros. */
const unpadded = (text: string) => text.replace(/[\s\0]+$/, '')

/** @throws A fault when there is none, or more than one, of this name. */
export function findToken({ js, module }: Library, name: TokenName): Found {
  const tokens = module.C_GetSlotList(true).flatMap((slot) => {
    try {
      return [{ slot, info: module.C_GetTokenInfo(slot) }]
    } catch {
      return [] // taken out meanwhile, or broken: not the one that is meant
    }
  })
  const present = tokens.filter(({ info }) => (info.flags & js.CKF_TOKEN_INITIALIZED) !== 0)
  const found = present.filter(({ info }) => isNamed(info, name))
  const [first] = found
  if (first === undefined) {
    const names = present.map(({ info }) => unpadded(info.label)).slice(0, 10)
    throw faultError({ kind: 'token-missing', present: names })
  }
  if (found.length > 1) throw faultError({ kind: 'token-ambiguous', matches: found.length })
  return first
}

const isNamed = (info: TokenInfo, { label, serial, manufacturer, model }: TokenName) =>
  [
    [label, info.label],
    [serial, info.serialNumber],
    [manufacturer, info.manufacturerID],
    [model, info.model],
  ].every(([wanted, actual]) => wanted === undefined || wanted === unpadded(actual ?? ''))

/**
 * Logs in, once. The session that does stays open and signs nothing: closing the last session of a
 * token logs out.
 */
export function openToken(library: Library, task: OpenTask, pin: Pin | undefined): Token {
  const { js, module } = library
  const { slot, info } = findToken(library, task.token)
  const openSession = () => {
    const { CKF_SERIAL_SESSION: serial, CKF_RW_SESSION: writing } = js
    try {
      return module.C_OpenSession(slot, serial | writing) // AWS CloudHSM knows no other
    } catch (thrown) {
      if (returnValue(thrown) !== 'CKR_TOKEN_WRITE_PROTECTED') throw thrown
      return module.C_OpenSession(slot, serial)
    }
  }
  const session = openSession()
  if (pin !== undefined) logIn(library, { session, info, task, pin })
  else if ((info.flags & js.CKF_LOGIN_REQUIRED) !== 0)
    throw faultError({
      kind: 'pin-missing',
      reason: 'the token asks for one, and there is neither pin-source nor the option pin',
    })
  const opened = {
    label: unpadded(info.label),
    serial: unpadded(info.serialNumber),
    manufacturer: unpadded(info.manufacturerID),
    model: unpadded(info.model),
  }
  return { opened, openSession }
}

type Login = {
  readonly session: Handle
  readonly info: TokenInfo
  readonly task: OpenTask
  readonly pin: Pin
}

function logIn({ js, module }: Library, { session, info, task, pin }: Login): void {
  const refuse = (reason: string) => faultError({ kind: 'pin-refused', reason })
  if (isMarked(pin.bytes, task.refused))
    throw refuse('the token refused this PIN before, so it was not tried again')
  if ((info.flags & js.CKF_USER_PIN_LOCKED) !== 0) throw refuse('the PIN of the token is locked')
  if ((info.flags & js.CKF_USER_PIN_FINAL_TRY) !== 0)
    throw refuse('one try is left before the token locks itself, which is left to you')
  try {
    module.C_Login(session, js.CKU_USER, pin.bytes.toString('utf8'))
  } catch (thrown) {
    const value = returnValue(thrown)
    if (value === 'CKR_USER_ALREADY_LOGGED_IN') return
    if (value === undefined || !/^CKR_(USER_)?PIN_/.test(value)) throw thrown
    const mark = markPin(pin.bytes, task.salt)
    throw faultError({ kind: 'pin-refused', reason: `C_Login: ${value}`, mark })
  }
}
