/** The text of a reply that somebody else sends, read no further than a bound. @module */

/**
 * @param maxBytes - What is longer is left unread, and its connection is closed.
 * @returns Undefined when it is longer. Rejects with what the connection does.
 */
export async function boundedText(
  response: Response,
  maxBytes: number,
): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let byteLength = 0
  for await (const part of response.body ?? []) {
    byteLength += part.length
    if (byteLength > maxBytes) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
