/** Reading policies as they are in an account: no value makes it throw. @module */

export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined

/** One value or a list of them, as policies allow it. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]

export const statementsOf = (document: unknown): readonly unknown[] =>
  listOf(fieldOf(document, 'Statement'))

/**
 * What a policy allows more, or denies less, than the one that was deployed. Names of statements, and
 * the order of anything, do not matter.
 */
export function faultsBeside(deployed: unknown, found: unknown): readonly string[] {
  const [before, now] = [deployed, found].map((document) =>
    statementsOf(document).map((statement) => [statement, textOf(statement)] as const),
  )
  const isIn = (list: typeof before, text: string) => list?.some(([, other]) => other === text)
  return [
    ...(now ?? []).flatMap(([statement, text], index) =>
      fieldOf(statement, 'Effect') === 'Deny' || isIn(before, text)
        ? []
        : [`Statement ${index + 1} allows what was not deployed.`],
    ),
    ...(before ?? []).flatMap(([statement, text]) =>
      fieldOf(statement, 'Effect') !== 'Deny' || isIn(now, text)
        ? []
        : [`The denial ${String(fieldOf(statement, 'Sid'))} is missing, or not as deployed.`],
    ),
  ]
}

function textOf(value: unknown, depth = 0): string {
  if (depth > 8) return 'deeper than any of ours'
  if (Array.isArray(value) && value.length !== 1)
    return `[${value
      .map((one) => textOf(one, depth + 1))
      .sort()
      .join()}]`
  if (Array.isArray(value)) return textOf(value[0], depth + 1)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  const fields = Object.entries(value)
    .filter(([name]) => depth > 0 || name !== 'Sid')
    .map(([name, field]) => `${JSON.stringify(name)}:${textOf(field, depth + 1)}`)
  return `{${fields.sort().join()}}`
}
