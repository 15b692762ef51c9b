/**
 * Matches valid branch names, tag names and commit ids. Stricter than git's own rules
 * (git-check-ref-format), so that a name is safe in git commands, shell commands and file paths:
 * ASCII only, no leading dash, at most 200 characters.
 */
export const REF_NAME =
  /^(?=.{1,200}$)(?!@$|[-/.])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)))[A-Za-z0-9._/@+=#-]+(?<![/.])$/

/** Extracts the branch name from a full ref name. Returns null for other refs and invalid names. */
export function branchOf(fullName: string): string | null {
  const heads = 'refs/heads/'
  const name = fullName.startsWith(heads) ? fullName.slice(heads.length) : ''
  return REF_NAME.test(name) ? name : null
}
