/** `npm run bench -- --plot`: measures the model of mainnet and writes docs/throughput.svg. @module */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  configurations,
  fullTransactionsASecond,
  mainnet,
  measurePoint,
  mintsATransaction,
  poolSizes,
} from './mainnet-model.mjs'
import { root } from './own-package.mjs'
import { plotOf } from './throughput-plot.mjs'

/** @returns What was measured, and where the picture is. */
export async function measurePlot({ signal, say }) {
  const lines = []
  for (const configuration of configurations) {
    const name = nameOf(configuration)
    const points = []
    for (const keys of poolSizes) {
      const { perSecond, scale } = await measurePoint({ keys, ...configuration }, signal)
      say(`${name}, ${keys} keys: ${perSecond.toFixed(1)} a second, at ${scale} times the speed`)
      points.push({ keys, perSecond, scale })
    }
    lines.push({ ...configuration, name, points })
  }
  const file = join(root, 'docs', 'throughput.svg')
  const drawn = lines.map(({ name, points }) => ({
    name,
    points: points.map(({ perSecond }) => perSecond),
  }))
  const model = { sizes: poolSizes, lines: drawn, mintsATransaction, fullTransactionsASecond }
  writeFileSync(file, plotOf({ ...model, notes: notes(lines) }))
  return { lines, file, mintsATransaction, fullTransactionsASecond }
}

/** The same numbers as text. */
export function plotTable({ lines, mintsATransaction, fullTransactionsASecond, file }) {
  const most = fullTransactionsASecond * mintsATransaction
  const cell = ({ perSecond }) => perSecond.toFixed(1)
  return [
    `| transactions a second, proposal keys: | ${poolSizes.join(' | ')} |`,
    `|---|${poolSizes.map(() => '---:').join('|')}|`,
    ...lines.map(({ name, points }) => `| ${name} | ${points.map(cell).join(' | ')} |`),
    '',
    ...notes(lines),
    `Mints: ${mintsATransaction} in each transaction by arithmetic; full ones the whole network executes about ${fullTransactionsASecond} a second of, ${most.toLocaleString('en')} mints.`,
    `Written: ${file}`,
  ].join('\n')
}

const nameOf = ({ nodes, regions }) =>
  `${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${regions} KMS ${regions === 1 ? 'Region' : 'Regions'}`

function notes(lines) {
  const scales = lines.flatMap(({ points }) => points.map(({ scale }) => scale))
  const seconds = (ms) => `${ms / 1_000} s`
  const { blockMs, executionMs, sealMs, sendsPerSecond, kmsPerSecond } = mainnet
  return [
    `${seconds(executionMs)} to execution, ${seconds(sealMs)} to the seal, a block each ${seconds(blockMs)}, ${sendsPerSecond} sends a second to a node,`,
    `${kmsPerSecond} KMS calls a second in a Region, two for each transaction. Run ${Math.min(...scales)} to ${Math.max(...scales)} times as fast.`,
  ]
}
