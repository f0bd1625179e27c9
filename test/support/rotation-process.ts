/** A rotation in a process of its own, as its parent sees it. @module */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RotationReport, RotationStep } from '../../src/provisioning/index.ts'
import type { KeyPlace, NewKeyPlace, RetirePlace, VaultPlaces } from './rotation-vaults.mjs'

/** Where a process of rotation-process.mjs ends itself by SIGKILL. */
export type RotationTrap = {
  readonly step: RotationStep
  /** The nth thing that it asks of others in that step, before and after; `last`: all was done. */
  readonly moment: number | 'last'
}

/** What the process is told, all of it JSON. */
export type RotationProcessOptions = {
  readonly errand: 'rotate' | 'resume' | 'abort'
  readonly accessNode: string
  readonly address: string
  /** Of the old key: 128 digits. */
  readonly publicKey: string
  /** Signers of the authorizer. */
  readonly held: readonly KeyPlace[]
  readonly next: NewKeyPlace
  readonly places: VaultPlaces
  /** Records in a folder and no pools, or all in one database. */
  readonly store: { readonly folder: string } | { readonly databaseUrl: string }
  /** The old key in KMS, which ends there. */
  readonly retire?: RetirePlace | undefined
  /** What only `rotate` takes, such as `hashAlgorithm`. */
  readonly wish?: Readonly<Record<string, unknown>>
  /** What all take, such as `timeoutMs`. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly trap?: RotationTrap | undefined
}

/** What is told of a rotation. */
export type ToldReport = Pick<
  RotationReport,
  'state' | 'step' | 'newKey' | 'askAgainAt' | 'history'
>

/** How a process ended. */
export type RotationEnd = {
  readonly signal: NodeJS.Signals | null
  /** Steps that it began, in their order. */
  readonly steps: readonly RotationStep[]
  /** How many moments each of them had. */
  readonly moments: Readonly<Record<string, number>>
  /** Where it ended itself. */
  readonly trapped?: { readonly step: RotationStep; readonly moment: number; readonly at: string }
  readonly report?: ToldReport
  readonly failed?: { readonly code: string; readonly message: string; readonly context?: object }
  /** What was said on stderr, its end. */
  readonly complaints: string
}

type Line =
  | { readonly say: 'step'; readonly step: RotationStep }
  | { readonly say: 'left'; readonly step: RotationStep; readonly moments: number }
  | ({ readonly say: 'trapped' } & NonNullable<RotationEnd['trapped']>)
  | { readonly say: 'report'; readonly report: ToldReport }
  | ({ readonly say: 'failed' } & NonNullable<RotationEnd['failed']>)

const program = fileURLToPath(new URL('./rotation-process.mjs', import.meta.url))

/** Runs it to its end; after the deadline it is killed, as `signal` then says without `trapped`. */
export async function runRotation(
  options: RotationProcessOptions,
  deadlineMs = 90_000,
): Promise<RotationEnd> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], ROTATION_PROCESS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = `${complaints}${text}`.slice(-4_000)
  })
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text)))
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
  const [, signal]: [number | null, NodeJS.Signals | null] = await onceClosed(child)
  clearTimeout(timer)
  const told = <Say extends Line['say']>(say: Say) =>
    lines.filter((line): line is Extract<Line, { say: Say }> => line.say === say)
  const [trapped] = told('trapped')
  const [report] = told('report')
  const [failed] = told('failed')
  return {
    signal,
    complaints,
    steps: told('step').map(({ step }) => step),
    moments: Object.fromEntries(told('left').map(({ step, moments }) => [step, moments])),
    ...(trapped ? { trapped } : {}),
    ...(report ? { report: report.report } : {}),
    ...(failed ? { failed } : {}),
  }
}

async function onceClosed(
  child: ReturnType<typeof spawn>,
): Promise<[number | null, NodeJS.Signals | null]> {
  const [code = null, signal = null] = await once(child, 'close')
  return [code, signal]
}
