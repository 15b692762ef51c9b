/**
 * Valid names of branches, tags and commits, from any source: git's rules (git-check-ref-format) and
 * stricter ones, so that git, a shell or a file path cannot misinterpret a name. ASCII, no leading
 * dash, at most 200 characters.
 */
export const REF_NAME =
  /^(?=.{1,200}$)(?!@$|[-/.])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)))[A-Za-z0-9._/@+=#-]+(?<![/.])$/

/** The branch of a full ref name; null for other refs and for an invalid name. */
export function branchOf(fullName: string): string | null {
  const heads = 'refs/heads/'
  const name = fullName.startsWith(heads) ? fullName.slice(heads.length) : ''
  return REF_NAME.test(name) ? name : null
}
