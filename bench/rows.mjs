/** The numbers as the one table, each beside its bar. @module */
import { addSigningRows } from './signing-rows.mjs'
import { createTable } from './table.mjs'
import { addThroughputRows } from './throughput-rows.mjs'

/** @param results From `main.mjs`. */
export function tableOf({ machine, signing, throughput }) {
  const table = createTable(`fcl-kms-authorizer ${machine.versions['fcl-kms-authorizer']}`)
  if (signing !== undefined) addSigningRows(table, signing)
  if (throughput !== undefined) addThroughputRows(table, throughput)
  return [
    `${machine.cores} cores (${machine.processor}), ${machine.system}, load ${machine.loadBefore.toFixed(1)} before the run`,
    `Node.js ${machine.node}, @onflow/fcl ${machine.versions['@onflow/fcl']}, @aws-sdk/client-kms ${machine.versions['@aws-sdk/client-kms']}`,
    '',
    table.print(),
  ].join('\n')
}
