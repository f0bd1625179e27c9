/** `npm run emulator -- <the emulator's flags>`: a Flow emulator in the foreground, on loopback. @module */
import { ensureEmulator } from './lib/emulator.mjs'
import { cacheFolder, splitCommand } from './lib/paths.mjs'
import { become } from './lib/run.mjs'
import { main } from './lib/set-up.mjs'

/** The same as `emulatorServicePrivateKey` of fcl-kms/testing: public, worthless elsewhere. */
const serviceKey = '1a0fcc98226d12daed3eb650878e5e83bc9b7f3a99a5445ee1c3f2e7067b8efc'
const loopback = ['127.0.0.1', 'localhost', '::1']

/**
 * The value of a flag, written `--name value` or `--name=value`; the last one counts.
 * @param {readonly string[]} flags
 * @param {readonly string[]} names
 */
function flagValue(flags, names) {
  const values = flags.flatMap((flag, at) => {
    const [name = '', ...value] = flag.split('=')
    if (!names.includes(name)) return []
    return [flag.includes('=') ? value.join('=') : (flags[at + 1] ?? '')]
  })
  return values.at(-1)
}

await main(async () => {
  const flags = process.argv.slice(2)
  const host = flagValue(flags, ['--host']) ?? '127.0.0.1'
  if (!loopback.includes(host))
    throw new Error(`The emulator serves this machine only: leave --host ${host} away.`)
  const command = await ensureEmulator()
  const [file, ...args] = splitCommand(command)
  if (flags.includes('--help') || flags.includes('-h')) return become(file, [...args, '--help'])

  const ownKey = ['--service-priv-key', '--service-pub-key', '--init']
  const key = flagValue(flags, ownKey) === undefined ? [`--service-priv-key=${serviceKey}`] : []
  const port = (/** @type {string[]} */ names, /** @type {string} */ usual) =>
    flagValue(flags, names) ?? usual
  console.log(`Flow emulator on ${host}:
  REST   http://${host}:${port(['--rest-port'], '8888')}
  gRPC   ${host}:${port(['--port', '-p'], '3569')}
  admin  http://${host}:${port(['--admin-port'], '8080')}
  service account 0xf8d6e0586b0a20c7${key.length > 0 ? `, private key ${serviceKey}` : ''}`)
  if (!command.startsWith(cacheFolder()))
    console.log(
      `  Careful: its debugger port ${port(['--debugger-port'], '2345')} listens on all interfaces; our own build does not.`,
    )
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('FLOW_')), // flags by another way
  )
  return become(file, [...args, '--host=127.0.0.1', ...key, ...flags], { env })
})
