/** What this process and the one of the module say to each other. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import type { KeyName, TokenName } from './uri.ts'

/** Keeps a PIN that was refused from being tried again: a salted hash of it, which costs time to make. */
export type PinMark = { readonly salt: Uint8Array; readonly hash: Uint8Array }

/** Where the PIN comes from: nowhere, a file that the other process reads, or its standard input. */
export type PinWay =
  | { readonly from: 'nowhere' }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'input'; readonly byteLength: number }

/** The first task of a process. */
export type OpenTask = {
  readonly name: 'open'
  readonly modulePath: string
  readonly libraryParameters?: string
  readonly token: TokenName
  readonly pin: PinWay
  /** Random, of 16 bytes: what a mark of the PIN is made with when it is refused. */
  readonly salt: Uint8Array
  /** PINs that are not to be tried again. */
  readonly refused: readonly PinMark[]
  /** How many signatures at once. */
  readonly sessions: number
}

/** A key pair that is to be made on the token. */
export type NewKey = {
  readonly label: string
  /** Hexadecimal. */
  readonly id: string
  readonly algorithm: SignatureAlgorithm
}

/** One thing that is asked. */
export type Task =
  | OpenTask
  | { readonly name: 'find'; readonly key: KeyName }
  | { readonly name: 'sign'; readonly handle: number; readonly digest: Uint8Array }
  | { readonly name: 'create'; readonly key: NewKey }
  | { readonly name: 'close' }

/** A key that was found, and what its token says of it. */
export type FoundKey = {
  /** Names the key in later tasks of the same process. */
  readonly handle: number
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
  readonly algorithm: SignatureAlgorithm
  readonly label: string
  /** Hexadecimal. */
  readonly id: string
  /** Whether it was made on the token; `undefined` where the token does not say. */
  readonly local?: boolean
  readonly neverExtractable?: boolean
}

/** The token that was opened. */
export type OpenedToken = {
  readonly label: string
  readonly serial: string
  readonly manufacturer: string
  readonly model: string
  /** Whether others than the owner and group may read the file of the PIN. */
  readonly pinFileIsOpen: boolean
}

/** What each task is answered with. */
export type Answers = {
  readonly open: OpenedToken
  readonly find: FoundKey
  readonly sign: Uint8Array
  readonly create: FoundKey
  readonly close: null
}

/** Why a task could not be done. */
export type Fault =
  | { readonly kind: 'package-missing' }
  | { readonly kind: 'not-built'; readonly reason: string }
  | { readonly kind: 'module'; readonly reason: string }
  | { readonly kind: 'token-missing'; readonly present: readonly string[] }
  | { readonly kind: 'token-ambiguous'; readonly matches: number }
  | { readonly kind: 'pin-missing'; readonly reason: string }
  | { readonly kind: 'pin-refused'; readonly reason: string; readonly mark?: PinMark }
  | { readonly kind: 'key-missing' }
  | { readonly kind: 'key-ambiguous'; readonly matches: number }
  | { readonly kind: 'key-unusable'; readonly reason: string }
  | { readonly kind: 'key-exists' }
  | { readonly kind: 'key-incomplete'; readonly step: string }
  /** Of the device: may pass. `lost` when nothing will work before the module is started anew. */
  | { readonly kind: 'device'; readonly reason: string; readonly lost: boolean }

/** Tasks, in the order in which they are to be started. */
export type TaskMessage = readonly { readonly number: number; readonly task: Task }[]

/** Answers, in the order in which they came. */
export type AnswerMessage = readonly {
  readonly number: number
  readonly value?: Answers[keyof Answers]
  readonly fault?: Fault
}[]
