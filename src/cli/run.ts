/** From arguments to output and exit code; everything of the process is passed in. @module */

import { readFileSync } from 'node:fs'
import { type Command, type Context, exitCodes } from './command.ts'
import { accountsAddProposalKeys } from './commands/accounts-add-proposal-keys.ts'
import { accountsCreate } from './commands/accounts-create.ts'
import { accountsShow } from './commands/accounts-show.ts'
import { auditReconcile } from './commands/audit-reconcile.ts'
import { awsCostCommand } from './commands/aws-cost.ts'
import { awsDelete, awsDeploy, awsTemplate } from './commands/aws-stacks.ts'
import { doctor } from './commands/doctor.ts'
import { enclaveAttest } from './commands/enclave-attest.ts'
import { keysCreate } from './commands/keys-create.ts'
import { keysPolicy } from './commands/keys-policy.ts'
import { keysRotate, keysRotateResume } from './commands/keys-rotate.ts'
import { keysRotateAbort, keysRotateStatus } from './commands/keys-rotate-status.ts'
import { keysShow } from './commands/keys-show.ts'
import { signMessage } from './commands/sign-message.ts'
import { signTransaction } from './commands/sign-transaction.ts'
import { transactionsApprove } from './commands/transactions-approve.ts'
import { transactionsPrepare } from './commands/transactions-prepare.ts'
import { transactionsSend } from './commands/transactions-send.ts'
import { walletsCreate } from './commands/wallets-create.ts'
import { walletsList } from './commands/wallets-list.ts'
import { walletsRewrap } from './commands/wallets-rewrap.ts'
import { walletsSend } from './commands/wallets-send.ts'
import { walletsShow } from './commands/wallets-show.ts'
import { walletsSign } from './commands/wallets-sign.ts'
import { describeFailure } from './failure.ts'
import { commandHelp, overview } from './help.ts'
import { commonFlags } from './settings.ts'
import { json, printable } from './text.ts'
import { parseValues, usage } from './values.ts'

const commands: readonly Command[] = [
  keysCreate,
  keysShow,
  keysPolicy,
  keysRotate,
  keysRotateStatus,
  keysRotateResume,
  keysRotateAbort,
  accountsCreate,
  accountsShow,
  accountsAddProposalKeys,
  walletsCreate,
  walletsList,
  walletsShow,
  walletsSign,
  walletsSend,
  walletsRewrap,
  signMessage,
  signTransaction,
  transactionsPrepare,
  transactionsApprove,
  transactionsSend,
  auditReconcile,
  enclaveAttest,
  awsCostCommand,
  awsTemplate,
  awsDeploy,
  awsDelete,
  doctor,
]

/** The process, as a command sees it. */
export type World = Pick<Context, 'env' | 'signal' | 'note' | 'stdin'>

/** What is to be printed, and the exit code. */
export type Outcome = {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Never rejects. @param args - Without the program's own name. */
export async function run(args: readonly string[], world: World): Promise<Outcome> {
  try {
    return await dispatch(args, world)
  } catch (thrown) {
    return describeFailure(thrown, {
      json: args.includes('--json'),
      debug: Boolean(world.env['FCL_KMS_DEBUG']),
      interrupted: world.signal.aborted,
    })
  }
}

async function dispatch(args: readonly string[], world: World): Promise<Outcome> {
  const printed = (stdout: string, exitCode: number = exitCodes.ok) => ({
    stdout,
    stderr: '',
    exitCode,
  })
  const [first] = args
  if (first === '--version') return printed(`${version()}\n`)
  if (first === '--help') return printed(overview(commands))
  // The longest: `keys rotate status` begins as `keys rotate` does.
  const found = [3, 2, 1]
    .map((words) => args.slice(0, words).join(' '))
    .map((wanted) => commands.find(({ name }) => name === wanted))
    .find((command) => command !== undefined)
  if (found === undefined) {
    const group = commands.map(({ name }) => name.split(' ')[0]).find((word) => word === first)
    if (group !== undefined && args.includes('--help')) return printed(overview(commands, group))
    const names = commands.map(({ name }) => name).join(', ')
    throw usage('command', `it is missing or unknown; there are ${names}`)
  }
  const rest = args.slice(found.name.split(' ').length)
  if (rest.includes('--help')) return printed(commandHelp(found))
  const values = parseValues(rest, { ...found.flags, ...commonFlags }, found.operand)
  const note = (line: string) => world.note(printable(line))
  const { value, lines, exitCode } = await found.run({ ...world, note, values })
  const shown = values.flag('json') ? [json(value)] : lines.map(printable)
  const text = shown.map((line) => `${line}\n`).join('')
  return printed(text, exitCode)
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'version' in content
    ? String(content.version)
    : 'unknown'
}
