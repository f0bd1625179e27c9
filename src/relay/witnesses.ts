/** Asking more than one node: what is signed again by the word of one alone may be done twice. @module */

import { codeOf, isSignerError, SignerError, shownNode } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { RelayCore } from './core.ts'

/** One question. @returns `undefined` when the node cannot tell, or not yet. */
export type Question<Answer> = (node: NodeConnection) => Promise<Answer | undefined>

/** Two nodes, where two are given. */
export type Witnesses = {
  /**
   * The answers of the followed node and of another that can tell, or of the only one that there is.
   *
   * @throws {SignerError} `NODES_CANNOT_TELL` when there are not enough.
   */
  readonly both: <Answer>(ask: Question<Answer>) => Promise<readonly [Answer, ...Answer[]]>
  /**
   * The answer of another node than this one; `undefined` when it is the only one.
   *
   * @throws {SignerError} `NODES_CANNOT_TELL` when none of them can.
   */
  readonly another: <Answer>(
    than: NodeConnection,
    ask: Question<Answer>,
  ) => Promise<Answer | undefined>
}

export function createWitnesses({
  follower,
  signal,
}: Pick<RelayCore, 'follower' | 'signal'>): Witnesses {
  /** A node that does not answer, or not with its API, is one that cannot tell. */
  async function askOne<Answer>(
    node: NodeConnection,
    ask: Question<Answer>,
    faults: string[],
  ): Promise<Answer | undefined> {
    try {
      const answer = await ask(node)
      if (answer === undefined) faults.push(`${shownNode(node.url)} cannot tell yet`)
      return answer
    } catch (thrown) {
      signal.throwIfAborted()
      if (isSignerError(thrown) && !thrown.code.startsWith('ACCESS_NODE_')) throw thrown
      faults.push(`${shownNode(node.url)}: ${codeOf(thrown)}`) // also where its answer is no answer at all
      return undefined
    }
  }

  const cannotTell = (asked: number, needs: number, faults: readonly string[]) =>
    new SignerError('NODES_CANNOT_TELL', { asked, needed: needs, reason: faults.join('; ') })

  /** Those that work before those that were left. */
  const inOrder = () => [follower.node(), ...follower.others()]

  return {
    async both(ask) {
      const faults: string[] = []
      const asked = inOrder()
      const needed = Math.min(2, asked.length)
      // Those that are likely to do are asked at once, the others only where they are needed.
      const told = await Promise.all(
        asked.slice(0, needed).map((node) => askOne(node, ask, faults)),
      )
      const answers = told.filter((answer) => answer !== undefined)
      for (const node of asked.slice(needed)) {
        if (answers.length >= needed) break
        const answer = await askOne(node, ask, faults)
        if (answer !== undefined) answers.push(answer)
      }
      const [first, ...others] = answers
      if (first === undefined || answers.length < needed)
        throw cannotTell(asked.length, needed, faults)
      return [first, ...others]
    },
    async another(than, ask) {
      const others = inOrder().filter(({ url }) => url !== than.url)
      if (others.length === 0) return undefined
      const faults: string[] = []
      for (const node of others) {
        const answer = await askOne(node, ask, faults)
        if (answer !== undefined) return answer
      }
      throw cannotTell(others.length, 1, faults)
    },
  }
}
