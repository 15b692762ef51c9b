/** Patterns of lines in which test runners, compilers and build tools report a failure. */
const SIGNS: readonly RegExp[] = [
  // TAP, node:test, vitest, jest, mocha, pytest, go test, cargo test
  /^\s*not ok\b/,
  /^\s*[✗✘×✖❌●]\s/u,
  /\bFAIL(?:ED|URES?)?\b/,
  /^\s*--- FAIL/,
  /\.\.\. FAILED$/,
  /^E {2,}/,
  // Uncaught errors in the form that language runtimes print.
  /\b[A-Z]\w*(?:Error|Exception)\b/,
  /^\s*(?:Uncaught\s+)?Error:/,
  /\bpanicked at\b|^panic:|^fatal error:/,
  /^Traceback \(most recent call last\)/,
  /\bassert(?:ion)? .*failed\b/i,
  // Compilers and linters: a location, then the error.
  /\berror(?:\s+TS\d+|\[\w+\])?:/i,
  /\b\d+:\d+\s+-?\s*error\b/i,
  /^\s*\S+\.[A-Za-z]\w*:\d+(?::\d+)?:\s/,
  // Failed assertions: the expected and the actual value.
  /^\s*[+-]?\s*(?:expected|received|actual|left|right|got|want)\b\s*[:=]/i,
  // Build tools and shells.
  /\*\*\* .*\bError \d+|^npm (?:error|ERR!)/,
  /: (?:command not found|No such file or directory|not found)$/,
  /\bundefined reference to\b/,
]

/** Lines that match SIGNS but report success: passed tests, and failure counts of zero. */
const HARMLESS = /^\s*(?:ok\b|✓|✔|√)|\b0 (?:errors?|fail(?:ed|ures?|s)?)\b|^# fail 0$/iu

/** Whether a line of a check's output reports a failure. */
export const saysFailure = (line: string): boolean =>
  SIGNS.some((sign) => sign.test(line)) && !HARMLESS.test(line)
