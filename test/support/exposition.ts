/** Reads Prometheus' text format, strictly: a line that is not of it throws. @module */

/** One family of metrics. */
export type Family = {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

/** One value. */
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family & { samples: Sample[] }>()
  let current: (Family & { samples: Sample[] }) | undefined
  let help: readonly [name: string, text: string] = ['', '']
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (keyword === 'HELP') help = [name, rest]
    else if (keyword === 'TYPE') {
      if (help[0] !== name || families.has(name)) throw new Error(`misplaced: ${line}`)
      current = { name, type: rest, help: help[1], samples: [] }
      families.set(name, current)
    } else {
      const sample = parseSample(line)
      const suffix = current && sample.name.slice(current.name.length)
      const suffixes = current?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!current || !sample.name.startsWith(current.name) || !suffixes.includes(suffix ?? '?'))
        throw new Error(`of no family: ${line}`)
      current.samples.push(sample)
    }
  }
  return families
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', value] =
    /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+]?(?:\d[\d.e+-]*|Inf)|NaN)$/.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  let rest = labelText
  while (rest !== '') {
    const [all, label, text] = /^([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/.exec(rest) ?? []
    if (all === undefined || label === undefined || text === undefined || label in labels)
      throw new Error(`no labels: ${line}`)
    labels[label] = text.replace(/\\(.)/g, (_, one) => (one === 'n' ? '\n' : one))
    rest = rest.slice(all.length)
  }
  return { name, labels, value: Number(value?.replace('Inf', 'Infinity')) }
}

/** @returns The value of the only sample with at least these labels; undefined when there is none. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
  if (found.length > 1) throw new Error(`${found.length} samples of ${name}`)
  return found[0]?.value
}
