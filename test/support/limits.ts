/** How long tests let things take. @module */

/**
 * The limit of what answers, in milliseconds: on a machine that has other work a server in this very
 * process may be late by seconds. What never answers is told from it by a short limit, which only a
 * test has in which nothing answers, or by a clock that is held.
 */
export const ANSWERS_MS = 20_000

/** Of a KMS or a service that answers. */
export const patient = { requestTimeoutMs: ANSWERS_MS, totalTimeoutMs: ANSWERS_MS }

/** Of a token whose process has to start first. */
export const patientToken = {
  callTimeoutMs: ANSWERS_MS,
  startTimeoutMs: ANSWERS_MS,
  totalTimeoutMs: 3 * ANSWERS_MS,
}
