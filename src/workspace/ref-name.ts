/**
 * What a branch, tag or commit may be called, wherever the name comes from: git's own rules
 * (git-check-ref-format) and stricter ones, so that neither git nor a shell nor a path can take it
 * for something else. ASCII, no leading dash, at most 200 characters.
 */
export const REF_NAME =
  /^(?=.{1,200}$)(?!@$|[-/.])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)))[A-Za-z0-9._/@+=#-]+(?<![/.])$/

/** The branch that a full name stands for; null for anything else, and for an unlawful name. */
export function branchOf(fullName: string): string | null {
  const heads = 'refs/heads/'
  const name = fullName.startsWith(heads) ? fullName.slice(heads.length) : ''
  return REF_NAME.test(name) ? name : null
}
