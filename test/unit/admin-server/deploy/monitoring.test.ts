import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMetrics } from '../../../../examples/admin-server/src/observability/metrics.ts'
import { readMarkdown } from '../../../support/markdown.ts'
import { root } from '../../../types/compile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const deploy = 'examples/admin-server/deploy'

/** Types by name: what the server itself gives to Prometheus, before anything has happened. */
const families = new Map<string, string>()
beforeAll(async () => {
  const { text } = await createMetrics('0x01cf0e2f2f715450').scrape()
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm))
    families.set(name, type)
})

/** Labels by metric, as the tables of the documents tell them. */
const labels = new Map(
  ['docs/observability.md', 'docs/admin-server.md'].flatMap((path) =>
    readMarkdown(read(path)).rows.flatMap(([name = '', type, told = '']) =>
      /^(counter|gauge|histogram)$/.test(type ?? '')
        ? [
            [
              name.replaceAll('`', ''),
              told.replaceAll('`', '').split(', ').filter(Boolean),
            ] as const,
          ]
        : [],
    ),
  ),
)
/** Of a target, of Prometheus, of a process. */
const common = ['job', 'instance', 'le']

const selectors = (expression: string) =>
  [...expression.matchAll(/([a-zA-Z_][\w:]*)\s*\{([^}]*)\}|\b(fcl_kms_\w+|up)\b/g)].map(
    ([, withLabels, matchers = '', bare]) => ({
      metric: withLabels ?? bare ?? '',
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  )

/** @returns What of an expression the server does not have. */
function faultsOf(expression: string): readonly string[] {
  return selectors(expression).flatMap(({ metric, labels: used }) => {
    if (metric === 'up') return used.filter((label) => !common.includes(label))
    const name = families.has(metric) ? metric : metric.replace(/_(bucket|sum|count)$/, '')
    const type = families.get(name)
    if (type === undefined) return [`there is no ${metric}`]
    if (name !== metric && type !== 'histogram') return [`${metric} is of no histogram`]
    const known = [...(labels.get(name) ?? []), ...common]
    return used
      .filter((label) => !known.includes(label))
      .map((label) => `${metric} has no ${label}`)
  })
}

type Rule = Readonly<Record<string, string>>

/** Reads the one shape that the file of rules has; any other line throws. */
function readRules(text: string): readonly Rule[] {
  const rules: Record<string, string>[] = []
  const [, body = ''] = text.split(/^ {4}rules:\n/m)
  for (const line of body.split('\n')) {
    if (line === '' || /^ {8}(labels|annotations):$/.test(line)) continue
    const [, first, , key = '', value = ''] = /^( {6}- )?( {8,10})?([a-z]+): (.+)$/.exec(line) ?? []
    if (key === '') throw new Error(`not of the shape of a rule: ${line}`)
    if (first !== undefined) rules.push({})
    const quoted = /^(["'])(.*)\1$/.exec(value)
    if (quoted === null && /: |\s#|^[&*!|>{[%@`]/.test(value))
      throw new Error(`YAML reads another text than this: ${value}`)
    Object.assign(rules.at(-1) ?? {}, { [key]: quoted?.[2] ?? value })
  }
  return rules
}

const rules = readRules(read(`${deploy}/alert-rules.yaml`))

describe('alert rules', () => {
  it('are one group, each rule of another name', () => {
    expect(read(`${deploy}/alert-rules.yaml`)).toMatch(
      /^(#.*\n)+groups:\n {2}- name: fcl-kms-admin-server\n {4}rules:\n/,
    )
    expect(rules.length).toBeGreaterThanOrEqual(15)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })

  it.each(rules)('$alert asks for what there is', ({ expr = '' }) => {
    expect(selectors(expr).length).toBeGreaterThan(0)
    expect(faultsOf(expr)).toEqual([])
    for (const [open, close] of ['()', '{}', '[]'].map((pair) => [...pair]))
      expect(expr.split(open ?? '').length).toBe(expr.split(close ?? '').length)
  })

  it.each(rules)('$alert says how bad it is, what it is, and what to read', (rule) => {
    const { severity, summary, runbook = '', for: wait, alert } = rule
    expect(alert).toMatch(/^FclKmsAdmin[A-Z]\w+$/)
    expect(['warning', 'critical']).toContain(severity)
    expect(summary).toMatch(/^.{10,}\.$/)
    expect(wait).toMatch(/^\d+[mh]$/)
    const [page = '', anchor = ''] = runbook.split('#')
    expect(readMarkdown(read(page)).anchors).toContain(anchor)
  })

  it('are named in the runbook, all of them and no others', () => {
    const named = read('docs/runbook.md').match(/FclKmsAdmin\w+/g) ?? []
    expect([...new Set(named)].sort()).toEqual(rules.map(({ alert }) => alert).sort())
  })

  it.each([
    'fcl_kms_relay_hold == 1',
    'fcl_kms_relay_held{reason="PAUSED"} == 1',
    'rate(fcl_kms_admin_refusals_total_bucket[5m])',
    'fcl_kms_admin_troubles_total{kind="audit"}',
  ])('would not pass with %s', (expression) => {
    expect(faultsOf(expression)).toHaveLength(1)
  })
})

type Panel = {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[]
}
const board: {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string }[]
  }
} = JSON.parse(read(`${deploy}/grafana-dashboard.json`))
const figures = board.panels.filter(({ type }) => type !== 'row')

describe('the dashboard for Grafana', () => {
  it('lets the reader choose the Prometheus', () => {
    expect(board.schemaVersion).toBeGreaterThanOrEqual(41)
    expect(board.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource' }),
    )
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a variable of Grafana.
    for (const { datasource } of figures) expect(datasource?.uid).toBe('${datasource}')
  })

  it.each(figures)('$title shows what there is', ({ targets = [], description }) => {
    expect(description).toMatch(/\.$/)
    expect(targets.length).toBeGreaterThan(0)
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    for (const { expr } of targets) expect(faultsOf(expr)).toEqual([])
  })

  it('has panels of other ids that lie beside and not on each other', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24)
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`)
    })
    expect(new Set(cells).size).toBe(cells.length)
  })

  it.each([
    ['requests', 'fcl_kms_admin_requests_total'],
    ['refusals', 'fcl_kms_admin_refusals_total'],
    ['the time to answer', 'fcl_kms_admin_answer_seconds_bucket'],
    ['jobs', 'fcl_kms_relay_jobs'],
    ['stages', 'fcl_kms_relay_stage_seconds_bucket'],
    ['proposal keys', 'fcl_kms_proposal_keys'],
    ['calls to KMS', 'fcl_kms_signature_requests_total'],
    ['throttles of KMS', 'fcl_kms_governor_throttled_total'],
    ['holds', 'fcl_kms_relay_held'],
  ])('shows %s', (_, metric) => {
    const shown = figures.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => selectors(expr)),
    )
    expect(shown.map((one) => one.metric)).toContain(metric)
  })
})
