import { expect, it } from 'vitest'
import { type PatchPart, PatchReader } from './patch.ts'

const PATCH = `diff --git a/notes.sql b/notes.sql
index 1..2 100644
--- a/notes.sql
+++ b/notes.sql
@@ -1,3 +1,3 @@
 select 1;
--- a/comment that looks like a header
+++ b/another
 select 2;
\\ No newline at end of file
diff --git "a/\\303\\244 \\"x\\".txt" "b/\\303\\244 \\"x\\".txt"
new file mode 100644
index 0..3
--- /dev/null
+++ "b/\\303\\244 \\"x\\".txt"
@@ -0,0 +1 @@
+hello
diff --git a/logo.png b/logo.png
deleted file mode 100644
index 4..0
GIT binary patch
literal 0
HcmV?d00001

diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
`

it('counts the changed lines of each file, also lines that look like headers', () => {
  const reader = new PatchReader()
  for (const line of PATCH.split('\n')) reader.push(line)
  expect(reader.files).toEqual([
    { path: 'notes.sql', kind: 'modified', isBinary: false, insertions: 1, deletions: 1 },
    { path: 'ä "x".txt', kind: 'added', isBinary: false, insertions: 1, deletions: 0 },
    { path: 'logo.png', kind: 'deleted', isBinary: true, insertions: 0, deletions: 0 },
    { path: 'run.sh', kind: 'modified', isBinary: false, insertions: 0, deletions: 0 },
  ])
})

it('tells removed lines from the headers of files', () => {
  const reader = new PatchReader()
  const parts = PATCH.split('\n').map((line) => reader.push(line))
  expect(parts.slice(0, 11)).toEqual<PatchPart[]>([
    'file',
    'header',
    'header',
    'header',
    'hunk',
    'context',
    'removed',
    'added',
    'context',
    'context',
    'file',
  ])
})
