/** One row of the table "Who can do what" of docs/aws.md. @module */
import type { Question } from '../question.ts'

/** Questions of the matrix that answer a phrase, by the name of the policy that they are about. */
type Proof = Readonly<Record<string, readonly Question[]>>

export type Row = {
  readonly who: string
  /** By phrases, as the cell of the table has them between semicolons. */
  readonly may: Readonly<Record<string, Proof>>
  readonly mayNot: Readonly<Record<string, Proof>>
}
