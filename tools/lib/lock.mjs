/** One lock for each thing that set-up prepares, so that two of them can run at once. @module */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder } from './paths.mjs'
import { duration } from './run.mjs'

/** A holder renews its lock every 5 seconds; one this old is a holder's that is gone. */
const staleMs = 120_000

/**
 * Runs `work` while no other process runs it under the same name in the same cache folder.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {{ folder?: string, waitMs?: number, say?: (line: string) => void }} [options] `waitMs`: by
 *   default 30 minutes
 * @returns {Promise<T>}
 * @throws {Error} in one sentence, when the lock is not free in time
 */
export async function withLock(name, work, options = {}) {
  const { folder = join(cacheFolder(), 'locks'), waitMs = 1_800_000, say = console.log } = options
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.lock`)
  const started = Date.now()
  for (let nextLineMs = 0; !acquire(path); ) {
    const waitedMs = Date.now() - started
    if (waitedMs >= nextLineMs) {
      say(`Waiting for another process that prepares ${name}: ${duration(waitedMs)}`)
      nextLineMs += 10_000
    }
    if (waitedMs > waitMs)
      throw new Error(`Another process holds ${path} for too long: end it, or remove that file.`)
    if (isStale(path)) breakStale(path)
    else await sleep(200)
  }
  const release = () => rmSync(path, { force: true })
  const renewal = setInterval(() => utimesSync(path, new Date(), new Date()), 5_000)
  process.once('exit', release)
  try {
    return await work()
  } finally {
    clearInterval(renewal)
    process.off('exit', release)
    release()
  }
}

/**
 * Links a file that already names its holder, so nobody ever reads a half-written lock.
 * @param {string} path
 */
function acquire(path) {
  const own = `${path}.${hostname()}.${process.pid}`
  writeFileSync(own, `${hostname()} ${process.pid}`)
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/** @param {string} path */
function isStale(path) {
  try {
    const [host, pid] = readFileSync(path, 'utf8').split(' ')
    const gone = host === hostname() && !isRunning(Number(pid))
    return gone || Date.now() - statSync(path).mtimeMs > staleMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Removes a stale lock under a second lock: of two that find it stale, the slower must not remove
 * the new lock of the faster.
 * @param {string} path
 */
function breakStale(path) {
  const guard = `${path}.break`
  if (!acquire(guard)) {
    if (Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > staleMs)
      rmSync(guard, { force: true })
    return
  }
  if (isStale(path)) rmSync(path, { force: true })
  rmSync(guard, { force: true })
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code
