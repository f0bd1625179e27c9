/** Processes of one token, one after the other: started when needed, left when they are of no use. @module */

import { randomBytes } from 'node:crypto'
import { pause } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { doubling } from '../../retry.ts'
import { type Failure, failureError, type Subject } from './failures.ts'
import { type Host, isProgramThere, startHost } from './host.ts'
import type { Pkcs11Limits } from './limits.ts'
import { fetchPin, type PinFunction, warnOfOpenPinFile } from './pin.ts'
import type { Answers, FoundKey, OpenedToken, PinMark, Task } from './protocol.ts'
import { type Pkcs11Uri, showPkcs11Uri } from './uri.ts'

const PAUSE_MS = 50
const MAX_PAUSE_MS = 5_000
/** Milliseconds for a module to log out before its process is ended. */
const FAREWELL_MS = 1_000

/** What is needed to start a process. */
export type LinkOptions = {
  readonly uri: Pkcs11Uri
  readonly pin?: PinFunction | undefined
  /** The environment of the process. */
  readonly env: () => NodeJS.ProcessEnv
  readonly libraryParameters?: string | undefined
  readonly limits: Pkcs11Limits
  /** Aborts when the token is closed. */
  readonly closing: AbortSignal
}

/** One process that is logged in. */
export type Link = {
  /** @throws {SignerError} What the failure is, as far as one attempt tells. */
  readonly ask: <T extends Task>(task: T, subject: Subject) => Promise<Answers[T['name']]>
  readonly token: OpenedToken
  /** Keys that were found by this process, by their shown URI. */
  readonly keys: Map<string, Promise<FoundKey>>
}

/** Gives processes. */
export type Links = {
  /** The one that runs, or a new one. */
  readonly get: () => Promise<Link>
  /** Whether any of them has done anything yet. */
  readonly haveWorked: () => boolean
  /** Logs out and ends the one that runs. */
  readonly end: () => Promise<void>
}

type Started = { readonly host: Host; readonly link: Link }

export function createLinks(options: LinkOptions): Links {
  const { uri, limits, closing } = options
  const ofToken = { modulePath: uri.modulePath, token: uri.token, key: {} }
  const refused: PinMark[] = []
  let running: Started | undefined
  let starting: Promise<Started> | undefined
  let opening: Host | undefined
  let haveWorked = false
  let starts = 0 // since the last answer
  let notBefore = 0
  let hasWarned = false

  async function start(): Promise<Started> {
    const closed = new SignerError('PKCS11_CLOSED', { token: showPkcs11Uri(ofToken) })
    if (closing.aborted) throw closed
    await pause(notBefore - performance.now(), closing).catch(() => {
      throw closed
    })
    starts += 1
    notBefore = performance.now() + doubling(PAUSE_MS, MAX_PAUSE_MS, starts)
    assertProgram(uri)
    const { way, bytes } = await fetchPin(uri, options.pin, limits.startTimeoutMs)
    if (closing.aborted) throw closed
    const host = startHost(options.env(), limits.sessions)
    opening = host
    if (bytes !== undefined) host.handOver(bytes)
    const outcome = await host.ask(
      {
        name: 'open',
        modulePath: uri.modulePath,
        ...(options.libraryParameters === undefined
          ? {}
          : { libraryParameters: options.libraryParameters }),
        token: uri.token,
        pin: way,
        salt: randomBytes(16),
        refused,
        sessions: limits.sessions,
      },
      limits.startTimeoutMs,
    )
    opening = undefined
    if (closing.aborted) {
      host.end()
      throw closed
    }
    if (!('value' in outcome)) {
      host.end()
      notePin(outcome)
      throw failureError(outcome, 'startTimeoutMs', ofToken)
    }
    warn(outcome.value)
    return { host, link: createLink(host, outcome.value) }
  }

  function notePin(failure: Failure): void {
    if (!('fault' in failure) || failure.fault.kind !== 'pin-refused') return
    if (failure.fault.mark !== undefined) refused.push(failure.fault.mark)
  }

  function warn({ pinFileIsOpen }: OpenedToken): void {
    if (hasWarned || !pinFileIsOpen || uri.pinFile === undefined) return
    hasWarned = true
    warnOfOpenPinFile(uri.pinFile)
  }

  function createLink(host: Host, token: OpenedToken): Link {
    let failures = 0 // in a row
    function noteFailure(failure: Failure): void {
      if (!('fault' in failure)) return // it is gone
      if (failure.fault.kind !== 'device') return
      failures += 1
      // Once, a new session may do; what comes again wants everything anew.
      if (!failure.fault.lost && failures < 2) return
      if (forget(host)) void leave(host)
    }
    const ask: Link['ask'] = async (task, subject) => {
      // To make a key takes longer than to use one.
      const limit = task.name === 'create' ? 'startTimeoutMs' : 'callTimeoutMs'
      const outcome = await host.ask(task, limits[limit])
      if ('value' in outcome) {
        haveWorked = true
        failures = 0
        starts = 0
        return outcome.value
      }
      if (closing.aborted) throw new SignerError('PKCS11_CLOSED', { token: showPkcs11Uri(ofToken) })
      noteFailure(outcome)
      throw failureError(outcome, limit, subject)
    }
    return Object.freeze({ token, keys: new Map(), ask })
  }

  /** @returns Whether it was the one that runs. */
  function forget(host: Host): boolean {
    if (running?.host !== host) return false
    running = undefined
    return true
  }

  return Object.freeze({
    async get() {
      if (running !== undefined && !running.host.isGone()) return running.link
      running = undefined
      starting ??= start()
        .then((started) => {
          running = started
          return started
        })
        .finally(() => {
          starting = undefined
        })
      return (await starting).link
    },
    haveWorked: () => haveWorked,
    async end() {
      opening?.end()
      const last = running ?? (await starting?.catch(() => undefined))
      running = undefined
      if (last !== undefined) await leave(last.host)
    },
  } satisfies Links)
}

function assertProgram({ modulePath: module }: Pkcs11Uri): void {
  if (isProgramThere()) return
  const reason = 'the program that loads it is missing: keep fcl-kms out of your bundle'
  throw new SignerError('PKCS11_MODULE_UNUSABLE', { module, reason })
}

/** Logs out, as far as the module still answers, and ends the process. */
async function leave(host: Host): Promise<void> {
  await host.ask({ name: 'close' }, FAREWELL_MS)
  host.end()
  await host.ended
}
