/** Maximum length of a ref name, in bytes of UTF-8. Git uses each component as a file name. */
const BYTES_MAX = 200

/**
 * What git forbids in ref names (git-check-ref-format), and a leading dash, which git forbids in
 * branch names.
 */
const FORBIDDEN_BY_GIT =
  /^$|^@$|^[-/.]|[/.]$|\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)|[\0-\x20\x7f~^:?*[\\]|\p{Cs}/u

/**
 * What git allows and this program forbids: invisible characters and spaces, which make two names
 * look alike, and characters with which a shell would run a command or redirect its output.
 */
const FORBIDDEN_HERE = /[\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}"'`$&;|<>!]/u

/** Why a string is not accepted as the name of a branch or tag; null if it is accepted. */
export function whyNoRefName(text: string): string | null {
  if (FORBIDDEN_BY_GIT.test(text))
    return 'git does not allow this name (see git help check-ref-format)'
  if (FORBIDDEN_HERE.test(text))
    return `git allows this name, but Millwright does not allow spaces, invisible characters or any of " ' \` $ & ; | < > ! in a name; ${INSTEAD}`
  if (new TextEncoder().encode(text).length > BYTES_MAX)
    return `git allows this name, but Millwright allows at most ${BYTES_MAX} bytes; ${INSTEAD}`
  return null
}

const INSTEAD = 'to start from this branch or tag, give its full commit id instead'

/** Whether a string is accepted as the name of a branch or tag. Commit ids are accepted too. */
export const isRefName = (text: string): boolean => whyNoRefName(text) === null

/** Extracts the branch name from a full ref name. Returns null for other refs and invalid names. */
export function branchOf(fullName: string): string | null {
  const heads = 'refs/heads/'
  const name = fullName.startsWith(heads) ? fullName.slice(heads.length) : ''
  return isRefName(name) ? name : null
}
