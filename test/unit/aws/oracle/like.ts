/** Whether the name of an action is one of those that a pattern of a policy means. @module */
export function isLike(action: string, pattern: string): boolean {
  const source = pattern.toLowerCase().replaceAll('*', '.*').replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(action.toLowerCase())
}
