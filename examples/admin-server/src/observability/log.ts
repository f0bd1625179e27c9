/** One line of JSON for each thing that happened; no secret gets into one. @module */

import { isSignerError } from 'fcl-kms'
import { type Logger, type LoggerOptions, pino } from 'pino'
import type { Config } from '../config/config.ts'
import { isAdminError } from '../errors.ts'

export type Log = Logger

/** @param stream - Where lines go; default stdout. */
export function createLog(
  { level }: Config['log'],
  stream?: { write: (line: string) => void },
): Log {
  const options: LoggerOptions = {
    level,
    base: { service: 'fcl-kms-admin-server' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      // What may hold credentials is never logged on purpose; this is for mistakes.
      paths: ['*.authorization', '*.cookie', '*.token', '*.secret', '*.password', '*.headers'],
      remove: true,
    },
    serializers: { err: errorFacts },
  }
  return stream === undefined ? pino(options) : pino(options, stream)
}

/**
 * Name, code, message and stack of an error; no other field of a driver or an SDK. Not by the
 * serializer of pino: it joins the messages and stacks of all causes to those of the error.
 */
function errorFacts(thrown: unknown): unknown {
  const isOurs = isAdminError(thrown) || isSignerError(thrown)
  if (!isOurs) return causeFacts(thrown)
  const { name: type, message, stack } = thrown
  const code = 'code' in thrown ? String(thrown.code) : undefined
  const cause = thrown.cause === undefined ? undefined : causeFacts(thrown.cause)
  const facts = isAdminError(thrown) ? thrown.facts : undefined
  return { type, code, message, stack, facts, cause }
}

/** Of an error of somebody else, without its message: drivers put values of rows into theirs. */
function causeFacts(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const code = 'code' in thrown ? String(thrown.code) : undefined
  // The stack begins with the message, of however many lines; frames are told by their beginning.
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
  return { type: thrown.name, code, at: frames.map((line) => line.trim()) }
}
