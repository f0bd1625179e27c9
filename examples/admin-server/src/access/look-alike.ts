/** Names that people take for each other. @module */

/** What is drawn nearly alike becomes one text. Names hold ASCII only; see `principalPattern`. */
const skeletonOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[il1|]/g, 'i')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replace(/[._:/+-]/g, '-')

/** @returns Those of the others that are not this name and look like it, each once, in order. */
export function lookAlikesOf(name: string, others: Iterable<string>): readonly string[] {
  const skeleton = skeletonOf(name)
  const found = [...others].filter((other) => other !== name && skeletonOf(other) === skeleton)
  return [...new Set(found)].sort()
}
