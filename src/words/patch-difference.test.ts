import { expect, it } from 'vitest'
import { patchDifference } from './patch-difference.ts'

const patch = (line: string, at = 1): string =>
  `diff --git a/app.js b/app.js\nindex 1..2\n--- a/app.js\n+++ b/app.js\n@@ -${at} +${at} @@\n-old\n+${line}\n`
const OTHER =
  'diff --git a/b.txt b/b.txt\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1 @@\n+b\n'

const shown = (one: string, other: string): readonly string[] =>
  patchDifference(one, other).map(({ mark, text }) => `${mark} ${text}`)

it('shows which lines only one of two patches has', () => {
  expect(shown(patch('first try'), patch('second try'))).toEqual([
    'file app.js',
    '  @@',
    '  -old',
    '- +first try',
    '+ +second try',
  ])
})

it('names a file that only one patch changes', () => {
  expect(shown(patch('same'), patch('same') + OTHER)).toEqual([
    'file b.txt',
    '+ new file mode 100644',
    '+ @@',
    '+ +b',
  ])
})

it('finds no difference if only line numbers and ids differ', () => {
  expect(shown(patch('same', 1), patch('same', 7).replace('index 1..2', 'index 3..4'))).toEqual([])
})
