/** The two servers of the demo, stopped when it ends, fails or is interrupted. */
import { KMSClient } from '@aws-sdk/client-kms'
import { startAws, startEmulator } from 'fcl-kms/testing'

/** @returns Both servers, a KMS client, `stop`, and `interrupted`: resolves on Ctrl-C. */
export async function startServers() {
  const flow = await startEmulator({ extraFlags: ['--computation-reporting'] })
  const aws = await startAws().catch(async (error) => {
    await flow.stop()
    throw error
  })
  const kms = new KMSClient(aws.clientConfig())
  console.log(`  Flow ${flow.url}, AWS ${aws.endpoint}`)
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
  })
  const stop = async () => {
    kms.destroy()
    await Promise.all([flow.stop(), aws.stop()])
  }
  return { flow, aws, kms, interrupted, stop }
}
