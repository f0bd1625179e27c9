/** What the alarms on reconciliation count, by the lines that are really written. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createLog } from '../../../../examples/admin-server/src/observability/log.ts'
import { reconciliationLines } from '../../../../examples/admin-server/src/reconciliation/lines.ts'
import { watchStack } from '../../../../src/aws/index.ts'
import { run } from '../../../../src/cli/run.ts'
import { KEY, role } from '../../../support/stack-variants.ts'
import { signRecord } from '../../../support/trail-events.ts'

const { Resources } = watchStack({
  environment: 'production',
  keyArns: [KEY],
  signerRoleArns: [role('flow-signer')],
  adminRoleArn: role('key-admin'),
  expectedSignsPerFiveMinutes: 3_000,
  reconciliationLogGroupName: '/fcl-kms/production/admin-server',
})

/** By the rules of CloudWatch, of the two forms that are used here. */
function fits(pattern: string, line: string): boolean {
  const term = /^"([^"]+)"$/.exec(pattern)?.[1]
  if (term !== undefined) return line.includes(term)
  const asked = [...pattern.matchAll(/\$\.(\w+) = "(\w+)"/g)]
  if (asked.length === 0) throw new Error(`Nobody knows the pattern ${pattern}`)
  if (!line.startsWith('{')) return false
  const fields = JSON.parse(line)
  return asked.every(([, name = '', value]) => fields[name] === value)
}

/** @returns How often each metric counts, over all filters on the log group. */
function counted(lines: readonly string[]) {
  const counts: Record<string, number> = { 'production-Foreign': 0, 'production-Reconciled': 0 }
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::Logs::MetricFilter') continue
    const { FilterPattern, MetricTransformations } = Properties as unknown as {
      FilterPattern: string
      MetricTransformations: readonly [{ MetricName: string }]
    } // of our template
    const name = MetricTransformations[0].MetricName
    counts[name] = (counts[name] ?? 0) + lines.filter((line) => fits(FilterPattern, line)).length
  }
  return counts
}

describe('the alarms on reconciliation count', () => {
  it('each signature that is not ours and each comparison in the log of the admin server', () => {
    const lines: string[] = []
    const log = createLog({ level: 'info' }, { write: (line) => lines.push(line) })
    const { onFound, onRun } = reconciliationLines(log)
    for (const kind of ['foreign', 'missing', 'foreign', 'unreadable'] as const)
      onFound({ id: 'one', kind, facts: { caller: 'somebody' } })
    for (const verdict of ['alarm', 'agrees', 'incomplete'] as const)
      onRun({ until: Date.parse('2026-11-20T10:00:00Z'), verdict })
    log.info({ found: 'foreign' }, 'of something else')
    expect(counted(lines)).toEqual({ 'production-Foreign': 2, 'production-Reconciled': 3 })
  })

  describe('in what the command prints', () => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'fcl-kms-'))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const printed = async (records: readonly object[]) => {
      writeFileSync(join(folder, 'log.json'), JSON.stringify({ Records: records }))
      const span = ['--from', '2026-11-20T09:00:00Z', '--to', '2026-11-20T11:00:00Z']
      const { signal } = new AbortController()
      const world = { env: {}, signal, note: () => undefined, stdin: Readable.from(['']) }
      const args = ['--key', KEY, '--records', '-', '--logs', folder, ...span]
      const { stdout } = await run(['audit', 'reconcile', ...args], world)
      return stdout.split('\n')
    }

    it('each signature that is not ours, and the comparison', async () => {
      const lines = await printed([signRecord({ keyArn: KEY }), signRecord({ keyArn: KEY })])
      expect(counted(lines)).toEqual({ 'production-Foreign': 2, 'production-Reconciled': 1 })
    })

    it('the comparison alone, when nothing is wrong', async () => {
      expect(counted(await printed([]))).toEqual({
        'production-Foreign': 0,
        'production-Reconciled': 1,
      })
    })
  })
})
