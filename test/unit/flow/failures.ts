/** What an emulator 1.22.0 said of transactions that failed. `quoted` stands where it quotes. @module */

const payer = 'f8d6e0586b0a20c7'

const unhelpful =
  'Was this error unhelpful?\nConsider suggesting an improvement here: https://github.com/onflow/cadence/issues.\n\n\n'
const caused = (code: number, step: string, inner: number) =>
  `[Error Code: ${code}] error caused by: 1 error occurred:\n\t* ${step}[Error Code: ${inner}] `
const cadence = (code: number, step: string, error: string, line: string) =>
  `${caused(code, `transaction ${step} failed: `, 1101)}cadence runtime error: Execution failed:\nerror: ${error}\n --> ${'ab'.repeat(32)}:1:37\n  |\n1 | ${line}\n  | ^^^^^^^^^\n\n${unhelpful}`

/** Each by its name; `codes` are those that the node itself says. */
export const failures = [
  {
    name: 'a panic',
    codes: [1101],
    verdict: 'failure',
    message: (quoted: string) =>
      cadence(1101, 'execute', `panic: ${quoted}`, `transaction { execute { panic("x") } }`),
  },
  {
    name: 'an assertion, in the line of its script',
    codes: [1101],
    verdict: 'failure',
    message: (quoted: string) =>
      cadence(1101, 'execute', 'assertion failed', `assert(false) // ${quoted}`),
  },
  {
    name: 'an import of a contract that is not there',
    codes: [1101],
    verdict: 'failure',
    message: (quoted: string) =>
      cadence(
        1101,
        'preprocess',
        `cannot find declaration \`${quoted}\` in \`${payer}.${quoted}\``,
        `import ${quoted} from 0x${payer}`,
      ),
  },
  {
    name: 'an import of no address',
    codes: [1054, 1101],
    verdict: 'failure',
    message: (quoted: string) =>
      cadence(
        1054,
        'preprocess',
        `[Error Code: 1054] location (${quoted}) is not a valid location: expecting an AddressLocation, but other location types are passed`,
        `import "${quoted}"`,
      ),
  },
  {
    name: 'an event that is too large',
    codes: [1105, 1101],
    verdict: 'failure',
    message: (quoted: string) =>
      cadence(
        1105,
        'execute',
        '[Error Code: 1105] total event byte size (300000) exceeds limit (256000)',
        `emit ${quoted}()`,
      ),
  },
  {
    name: 'too much computation',
    codes: [1110, 1101],
    verdict: 'compute',
    message: (quoted: string) =>
      cadence(
        1110,
        'execute',
        'computation error: [Error Code: 1110] computation limit exceeded (used: 11, limit: 10)',
        quoted,
      ),
  },
  {
    name: 'a bad signature',
    codes: [1009, 1006],
    verdict: 'signature',
    message: () =>
      `${caused(1009, 'transaction verification failed: ', 1006)}invalid proposal key: public key 0 on account ${payer} does not have a valid signature: [Error Code: 1009] invalid envelope key: public key 0 on account ${payer} does not have a valid signature: signature is not valid\n\n`,
  },
  {
    name: 'a key that is not on the account',
    codes: [1202, 1006, 1009],
    verdict: 'signature',
    message: () =>
      `${caused(1202, 'transaction verification failed: ', 1006)}invalid proposal key: public key 9 on account ${payer} does not have a valid signature: [Error Code: 1009] invalid envelope key: public key 9 on account ${payer} does not have a valid signature: [Error Code: 1202] account public key not found for address ${payer} and key index 9\n\n`,
  },
  {
    name: 'too little weight',
    codes: [1055],
    verdict: 'signature',
    message: () =>
      `${caused(1055, 'transaction verification failed: ', 1055)}authorization failed for account ${payer}: payer account does not have sufficient signatures (0 < 1000)\n\n`,
  },
  {
    name: 'a sequence number that was used',
    codes: [1007],
    verdict: 'sequence',
    message: () =>
      `${caused(1007, 'checking sequence number failed: ', 1007)}invalid proposal key: public key 0 on account ${payer} has sequence number 4, but given 3\n\n`,
  },
  {
    name: 'a payer without FLOW',
    codes: [1118],
    verdict: 'payer',
    message: () =>
      `${caused(1118, '', 1118)}payer ${payer} has insufficient balance to attempt transaction execution (required balance: 0.00100000)\n\n`,
  },
  {
    name: 'the storage of the payer',
    codes: [1103],
    verdict: 'payer',
    message: () => full(payer),
  },
  {
    name: 'the storage of another account',
    codes: [1103],
    verdict: 'failure',
    message: () => full('01cf0e2f2f715450'),
  },
] as const

function full(address: string): string {
  return `${caused(1103, 'storage limit check failed: ', 1103)}The account with address (${address}) uses 1084 bytes of storage which is over its capacity (0 bytes). Capacity can be increased by adding FLOW tokens to the account.\n\n`
}

/** Of the account that pays in them. */
export const payerAddress = `0x${payer}`
