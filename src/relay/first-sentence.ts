/** What people want to read first of a node's message. @module */

/** A node's message is a page long; its codes and the first words of the error say the most. */
export function firstSentence(message: string): string {
  const panic = /error: (.*)/.exec(message)?.[1]
  const head = message.slice(0, 300)
  return panic === undefined || head.includes(panic)
    ? head
    : `${panic.slice(0, 300)} (${head.slice(0, 120)})`
}
