/** The parent of an enclave: carries requests in, gives it what it has not itself, keeps it running. @module */

import { pause, withDeadline } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { tellObserver } from '../../observers.ts'
import { assertKnownKeys, assertSignal } from '../../options.ts'
import type { SigningService } from '../../signing-service/service.ts'
import { createEnclaveControl, type EnclaveHealth, type EnclaveKey } from './control.ts'
import { createEnclaveHttp, isPassingCode } from './enclave-http.ts'
import { type EnclaveHostEvent, troubleOf } from './events.ts'
import { createEventsRoute } from './events-route.ts'
import { type ForwardCounts, openForward } from './forwarder.ts'
import { openHeartbeat } from './heartbeat.ts'
import { type EnclaveHostOptions, readOptions } from './host-options.ts'
import { openJsonDoor } from './json-door.ts'
import { createEnclaveService } from './service.ts'
import { createSupervisor, type EnclaveState } from './supervisor.ts'
import { guestPath, type UnixDoor } from './unix-door.ts'
import { enclaveUnavailable } from './vsock.ts'

/** What a host has counted since it was made. */
export type EnclaveHostStats = {
  readonly state: EnclaveState
  /** Whether the last health check was answered with `ok`. */
  readonly up: boolean
  readonly restarts: number
  /** Requests for signatures, the refused ones among them. */
  readonly requests: number
  /** Requests that were refused out here, without an answer of the enclave. */
  readonly refusals: number
  /** Questions of the enclave that were answered with an error. */
  readonly helperFailures: number
  readonly heartbeats: number
  /** Milliseconds by which the enclave's clock is ahead. */
  readonly clockOffsetMs?: number
  /** By port of the parent. */
  readonly forwards: Readonly<Record<number, Readonly<ForwardCounts>>>
}

/** The parent's side of one enclave. Write `await using host = …`. */
export type EnclaveHost = {
  readonly name: string
  /** For `listen`, `lambdaHandler`, or your own door. Each answer is the enclave's own. */
  readonly service: SigningService
  /**
   * Has the enclave make a key that its configuration names, seal it and store it.
   *
   * @throws {SignerError} `ENCLAVE_UNAVAILABLE`, after which it may have made it; `ENCLAVE_REFUSED`,
   * `SIGNING_REPLY_MALFORMED`, `INVALID_OPTION`.
   */
  readonly create: (key: string, options?: { readonly signal?: AbortSignal }) => Promise<EnclaveKey>
  /** Asks the enclave. @throws {SignerError} `ENCLAVE_UNAVAILABLE`, `ENCLAVE_REFUSED`, `SIGNING_REPLY_MALFORMED`. */
  readonly health: (options?: { readonly signal?: AbortSignal }) => Promise<EnclaveHealth>
  /**
   * Resolves when the enclave says that it is well, at most `startTimeoutMs` from now.
   *
   * @throws {SignerError} `ENCLAVE_NOT_STARTED`; `ENCLAVE_UNAVAILABLE` once the host was closed.
   */
  readonly ready: (options?: { readonly signal?: AbortSignal }) => Promise<EnclaveHealth>
  readonly stats: () => EnclaveHostStats
  /** Takes no more requests, waits `closeTimeoutMs` for those under way, and ends the enclave if it started it. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Ports of the enclave, and of its parent. */
const [SIGNING_PORT, CONTROL_PORT, HELPER_PORT] = [5_000, 5_001, 8_000]
const LOOK_MS = 100

/**
 * Opens the sockets that the enclave comes to and, with a `runner`, starts it and waits until it is
 * ready. It holds no key and signs nothing: where the enclave does not answer, requests are refused.
 *
 * @throws {SignerError} `INVALID_OPTION`, `ENCLAVE_NOT_STARTED`; what the runner throws. Rejects with
 * `signal.reason` on abort.
 */
export async function createEnclaveHost(options: EnclaveHostOptions): Promise<EnclaveHost> {
  const { socketPath, name, runner, onEvent, limits, targets, routes } = readOptions(options)
  const counts = { requests: 0, refusals: 0, helperFailures: 0, heartbeats: 0 }
  const forwards = targets.map(({ vsockPort, host, port }) => ({
    vsockPort,
    counts: {
      ...{ host: `${host}:${port}`, open: 0, connections: 0 },
      ...{ refused: 0, bytesIn: 0, bytesOut: 0 },
    },
  }))
  const tell = (event: EnclaveHostEvent) =>
    tellObserver(onEvent, event, { name: 'onEvent', spared: 'the enclave is' })

  const way = { socketPath, connectTimeoutMs: limits.connectTimeoutMs }
  const signing = createEnclaveHttp({ ...way, port: SIGNING_PORT, maxSockets: limits.maxSockets })
  const controlling = createEnclaveHttp({ ...way, port: CONTROL_PORT, maxSockets: 4 })
  const control = createEnclaveControl(controlling)
  const drop = () => {
    signing.drop()
    controlling.drop()
  }
  const supervisor = createSupervisor({ runner, control, limits, drop, tell })
  const { service, idle } = createEnclaveService({
    http: signing,
    timeoutMs: limits.requestTimeoutMs,
    maxConcurrent: limits.maxConcurrent,
    assertUp: supervisor.assertUp,
    onRefusal(error) {
      counts.refusals += 1
      tell({ kind: 'refused', ...troubleOf(error) })
    },
    onRequest() {
      counts.requests += 1
    },
  })

  const { maxConnections } = limits
  const forwardLimits = {
    maxConnections,
    connectTimeoutMs: limits.forwardConnectTimeoutMs,
    idleTimeoutMs: limits.forwardIdleTimeoutMs,
  }
  const doors: UnixDoor[] = []
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= (async () => {
      supervisor.retire()
      await idle(limits.closeTimeoutMs)
      await supervisor.close()
      await Promise.all(doors.map((door) => door.close()))
    })()
    return closed
  }

  try {
    doors.push(
      await openJsonDoor({
        socketPath: guestPath(socketPath, HELPER_PORT),
        routes: {
          ...routes,
          '/events': createEventsRoute((event) => tell({ kind: 'told', event })),
        },
        maxConnections,
        onFailure(path, error) {
          counts.helperFailures += 1
          tell({ kind: 'helper-failed', path, ...troubleOf(error) })
        },
      }),
    )
    const onBeat = () => {
      counts.heartbeats += 1
    }
    doors.push(await openHeartbeat({ socketPath, onBeat }))
    for (const [index, target] of targets.entries()) {
      const mine = forwards[index]?.counts
      if (mine === undefined) continue // there is one for each
      const onRefusal = (vsockPort: number, reason: string) =>
        tell({ kind: 'forward-refused', vsockPort, reason })
      const forward = { socketPath, target, limits: forwardLimits, counts: mine, onRefusal }
      doors.push(await openForward(forward))
    }
    options.signal?.throwIfAborted() // without a runner nothing else looks at it
    await supervisor.begin(options.signal)
  } catch (thrown) {
    await close()
    throw thrown
  }

  async function ready(asked: Asked = {}) {
    const signal = signalOf(asked)
    const timeoutMs = limits.startTimeoutMs
    let said = 'nothing'
    const onTimeout = () => notReady(`not within ${timeoutMs} ms; the last that it said: ${said}`)
    return withDeadline({ timeoutMs, signal, onTimeout }, async (abort) => {
      for (;;) {
        if (closed !== undefined) throw enclaveUnavailable('its host was closed')
        const seen = await control.health(limits.healthTimeoutMs, abort).catch(() => undefined)
        // Whoever keeps it running has to have seen it, too: until then requests are refused.
        const isUp = runner === undefined || supervisor.state() === 'up'
        if (seen?.status === 'ok' && isUp) return seen
        if (seen !== undefined) said = seen.error?.code ?? seen.status
        if (seen?.status === 'failing' && !isPassingCode(said)) throw notReady(`it says ${said}`)
        await pause(LOOK_MS, abort)
      }
    })
  }

  return Object.freeze({
    name,
    service,
    async create(key, asked = {}) {
      const signal = signalOf(asked)
      supervisor.assertUp()
      return control.create(key, limits.requestTimeoutMs, signal)
    },
    async health(asked = {}) {
      const signal = signalOf(asked)
      supervisor.assertUp()
      return control.health(limits.healthTimeoutMs, signal)
    },
    ready,
    stats() {
      const health = supervisor.health()
      const state = supervisor.state()
      return {
        state,
        up: state === 'up' && health?.status === 'ok',
        restarts: supervisor.restarts(),
        ...counts,
        ...(health === undefined ? {} : { clockOffsetMs: health.clockOffsetMs }),
        forwards: Object.fromEntries(
          forwards.map(({ vsockPort, counts: now }) => [vsockPort, { ...now }]),
        ),
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  } satisfies EnclaveHost)
}

type Asked = { readonly signal?: AbortSignal }

function signalOf(asked: Asked): AbortSignal | undefined {
  assertKnownKeys(asked, ['signal'])
  assertSignal(asked.signal)
  return asked.signal
}

const notReady = (reason: string) =>
  new SignerError('ENCLAVE_NOT_STARTED', {
    reason,
    remedy: 'see that it runs, and read its last lines: its console, and the events that it told',
  })
