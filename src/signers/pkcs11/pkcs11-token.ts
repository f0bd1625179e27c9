/** A token: the keys on it, as signers and as facts, and new ones. One process for all. @module */

import { hashMessage } from '../../crypto/hash.ts'
import { SignerError } from '../../errors.ts'
import { assertSignal } from '../../options.ts'
import type { Signer } from '../signer.ts'
import { createVerifiedSigner } from '../verified-signer.ts'
import { createConnection } from './connection.ts'
import type { Link } from './links.ts'
import { checkedKeyName, checkedOptions, type Pkcs11Options } from './options.ts'
import { warnOfPinInUri } from './pin.ts'
import {
  checkedNewKey,
  describeKey,
  findKey,
  makeKey,
  type NewPkcs11Key,
  type Pkcs11Key,
} from './pkcs11-key.ts'
import type { FoundKey } from './protocol.ts'
import { createTurns } from './turns.ts'
import { type KeyName, showPkcs11Uri } from './uri.ts'

/** Ends the process of the module: `await using` does it, too. */
type Closing = {
  /** Logs out and ends the process. What was asked before may reject with `PKCS11_CLOSED`. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A signer and the process behind it. */
export type Pkcs11Signer = Signer & Closing

type Cancel = { readonly signal?: AbortSignal }

/** A token, and its one process. */
export type Pkcs11Token = Closing & {
  /** A signer for the key of this label, or hexadecimal id, or both. Closing the token ends it. */
  readonly signer: (key: KeyName) => Signer
  readonly showKey: (key: KeyName, options?: Cancel) => Promise<Pkcs11Key>
  /** Makes a key pair that cannot leave the token, unless its label or id is taken. */
  readonly createKey: (key: NewPkcs11Key, options?: Cancel) => Promise<Pkcs11Key>
}

/**
 * The vendor's library runs in a process of its own, which starts with the first call and is
 * replaced when it hangs, crashes or loses the token. It does not keep this process alive.
 *
 * @throws {SignerError} `INVALID_OPTION`. Using it may reject with any `PKCS11_…` code.
 */
export function createPkcs11Token(options: Pkcs11Options): Pkcs11Token {
  return openToken(options).token
}

/**
 * Signs with a key on a PKCS#11 token. Messages are hashed here; the token gets 32 bytes.
 *
 * @returns A frozen signer whose id is the URI without module and PIN. Makes no call itself.
 * @throws {SignerError} `INVALID_OPTION`. Using it may reject with any `PKCS11_…` code,
 * `SIGNING_QUEUE_FULL`, `MALFORMED_SIGNATURE` and `SIGNATURE_INVALID`.
 */
export function createPkcs11Signer(options: Pkcs11Options): Pkcs11Signer {
  const { signerOf, token, key } = openToken(options)
  const { close } = token
  return signerOf(key, { close, [Symbol.asyncDispose]: close })
}

function openToken(options: Pkcs11Options) {
  const settings = checkedOptions(options)
  const { uri, limits } = settings
  warnOfPinInUri(uri)
  const connection = createConnection(settings)
  const { inTurn } = createTurns(limits)
  const { modulePath, token: name } = uri

  function at(key: KeyName) {
    const subject = { modulePath, token: name, key: checkedKeyName(key) }
    const id = showPkcs11Uri(subject)
    const use = <T>(signal: AbortSignal | undefined, run: (link: Link) => Promise<T>) => {
      assertSignal(signal)
      return inTurn(id, signal, () => connection.use({ subject, signal, run }))
    }
    return { subject, id, use }
  }

  function signerOf<More extends object>(key: KeyName, more: More): Signer & Readonly<More> {
    const { subject, id, use } = at(key)
    let pinned: Uint8Array | undefined
    async function find(link: Link): Promise<FoundKey> {
      const found = await findKey(link, subject)
      pinned ??= found.publicKey
      if (Buffer.compare(pinned, found.publicKey) === 0) return found
      throw new SignerError('PKCS11_KEY_CHANGED', { key: id })
    }
    const signer: Signer = {
      id,
      async publicKey() {
        const { value } = await use(undefined, find)
        return { bytes: value.publicKey.slice(), algorithm: value.algorithm }
      },
      async sign({ message, hashAlgorithm, signal, onReport }) {
        const digest = hashMessage(message, hashAlgorithm)
        const { value, attempts } = await use(signal, async (link) => {
          const { handle } = await find(link)
          return link.ask({ name: 'sign', handle, digest }, subject)
        })
        onReport?.({ attempts, keyId: id })
        return value
      },
    }
    return createVerifiedSigner(signer, more, { isInPool: true })
  }

  const token: Pkcs11Token = Object.freeze({
    signer: (key) => signerOf(key, {}),
    async showKey(key, { signal } = {}) {
      const { subject, use } = at(key)
      const { value } = await use(signal, async (link) =>
        describeKey(link, await findKey(link, subject)),
      )
      return value
    },
    async createKey(given, { signal } = {}) {
      const key = checkedNewKey(given)
      const { subject, use } = at({ label: key.label, id: key.id })
      const { value } = await use(signal, async (link) =>
        describeKey(link, await makeKey(link, key, subject)),
      )
      return value
    },
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  } satisfies Pkcs11Token)
  return { token, signerOf, key: uri.key }
}
