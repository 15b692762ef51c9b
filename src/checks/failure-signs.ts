/** How test runners, compilers and builds say that something failed. */
const SIGNS: readonly RegExp[] = [
  // TAP, node:test, vitest, jest, mocha, pytest, go test, cargo test
  /^\s*not ok\b/,
  /^\s*[✗✘×✖❌●]\s/u,
  /\bFAIL(?:ED|URES?)?\b/,
  /^\s*--- FAIL/,
  /\.\.\. FAILED$/,
  /^E {2,}/,
  // What a runtime prints of an error that nobody caught.
  /\b[A-Z]\w*(?:Error|Exception)\b/,
  /^\s*(?:Uncaught\s+)?Error:/,
  /\bpanicked at\b|^panic:|^fatal error:/,
  /^Traceback \(most recent call last\)/,
  /\bassert(?:ion)? .*failed\b/i,
  // Compilers and linters; a place, then what is wrong there.
  /\berror(?:\s+TS\d+|\[\w+\])?:/i,
  /\b\d+:\d+\s+-?\s*error\b/i,
  /^\s*\S+\.[A-Za-z]\w*:\d+(?::\d+)?:\s/,
  // What was wanted, and what came.
  /^\s*[+-]?\s*(?:expected|received|actual|left|right|got|want)\b\s*[:=]/i,
  // Builds and shells.
  /\*\*\* .*\bError \d+|^npm (?:error|ERR!)/,
  /: (?:command not found|No such file or directory|not found)$/,
  /\bundefined reference to\b/,
]

/** Passed tests and empty counts use the same words. */
const HARMLESS = /^\s*(?:ok\b|✓|✔|√)|\b0 (?:errors?|fail(?:ed|ures?|s)?)\b|^# fail 0$/iu

/** Whether a line of a check's output says that something failed. */
export const saysFailure = (line: string): boolean =>
  SIGNS.some((sign) => sign.test(line)) && !HARMLESS.test(line)
