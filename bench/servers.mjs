/** The Flow emulator and the AWS endpoint, each behind a proxy that counts. @module */
import { KMSClient } from '@aws-sdk/client-kms'
import * as fcl from '@onflow/fcl'
import { startCountingProxy } from './counting-proxy.mjs'
import { importFromRoot } from './own-package.mjs'

const { startAws, startEmulator } = await importFromRoot('fcl-kms/testing')

/**
 * @param {{ signal: AbortSignal, onStop: (stop: () => unknown) => void, blockTimeMs?: number }} scope stops all of it
 * @returns `flow` with its `stop`; `kmsConfig` for clients that ask the endpoint itself,
 *   `countedKmsConfig` for those that are counted; both proxies
 */
export async function startServers({ signal, onStop, blockTimeMs = 100 }) {
  const [flow, aws] = await Promise.all([
    startEmulator({ blockTimeMs, signal }).then((server) => stopped(server)),
    startAws({ services: ['kms'], signal }).then((server) => stopped(server)),
  ])
  const flowProxy = stopped(await startCountingProxy(flow.url))
  const kmsProxy = stopped(await startCountingProxy(aws.endpoint))
  const countedKmsConfig = { ...aws.clientConfig(), endpoint: kmsProxy.url }
  const kms = new KMSClient(countedKmsConfig)
  onStop(() => kms.destroy())
  fcl.config({ 'accessNode.api': flowProxy.url, 'flow.network': 'local', 'logger.level': 1 })
  return { flow, flowProxy, kms, kmsConfig: aws.clientConfig(), countedKmsConfig, kmsProxy }

  function stopped(server) {
    onStop(() => server.stop())
    return server
  }
}
