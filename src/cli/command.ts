/** What a command is: its options, its help, and what it does. @module */

/** One `--option`. */
type Flag = {
  /** How the value is shown in the help; without it the option takes none. */
  readonly value?: string
  /** May be given several times. */
  readonly multiple?: boolean
  readonly help: string
}

/** By name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>

/** The one argument of a command that belongs to no option. */
export type Operand = { readonly value: string; readonly help: string }

/** The options given. */
export type Values = {
  /** Empty when the command takes none. */
  readonly operand: string
  readonly flag: (name: string) => boolean
  readonly optional: (name: string) => string | undefined
  /** Throws `INVALID_OPTION` when it is missing. */
  readonly required: (name: string) => string
  readonly many: (name: string) => readonly string[]
  /** As `many`, but at least one. */
  readonly some: (name: string) => readonly string[]
}

/** What a command gets. */
export type Context = {
  readonly values: Values
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
  /** Tells the user something while the command runs, on stderr. */
  readonly note: (line: string) => void
  readonly stdin: AsyncIterable<Uint8Array | string>
}

/** What a command has to tell. */
type Result = {
  /** Printed by --json; bigint becomes text. */
  readonly value: unknown
  /** Printed otherwise. */
  readonly lines: readonly string[]
  /** Default 0. */
  readonly exitCode?: number
}

/** One command. */
export type Command = {
  /** For example `keys create`. */
  readonly name: string
  readonly summary: string
  /** Must be given. */
  readonly operand?: Operand
  readonly flags: Flags
  /** Arguments after `fcl-kms <name>`, one example each. */
  readonly examples: readonly string[]
  /** @throws {SignerError} */
  readonly run: (context: Context) => Promise<Result>
}

/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  problem: 3,
  interrupted: 130,
} as const
