/** One signature, one transaction, one import: the first half of the table. @module */
import { createAccounts } from './accounts.mjs'
import { measureAddedTime } from './added-time.mjs'
import { measureBundle } from './bundle.mjs'
import { measureColdImport } from './cold-import.mjs'
import { measureInstallSize } from './install-size.mjs'
import { attemptWeightedPeer } from './peer-attempts.mjs'
import { startServers } from './servers.mjs'
import { measureTransactions } from './transactions.mjs'

/** @param {import('./scope.mjs').Scope} scope */
export async function measureSigning({ signal, say, onStop, stopAll }) {
  say('starting a Flow emulator and an AWS endpoint')
  const servers = await startServers({ signal, onStop })
  const accounts = await createAccounts(servers)
  say('sending transactions')
  const transactions = await measureTransactions(servers, accounts, signal)
  const weightedPeer = await attemptWeightedPeer(servers, accounts.halves, signal)
  await servers.flow.stop() // its blocks cost time that the next measurements would show
  say('timing signatures')
  const addedTime = await measureAddedTime(servers.kmsConfig, signal)
  await stopAll()
  say('timing imports in fresh processes')
  const coldImport = await measureColdImport(signal)
  say('bundling and weighing')
  const bundle = {
    ours: await measureBundle('fcl-kms'),
    peer: await measureBundle('fcl-kms-authorizer'),
  }
  const install = await measureInstallSize(signal)
  return { transactions, weightedPeer, addedTime, coldImport, bundle, install }
}
