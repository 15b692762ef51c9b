/** The type of a line in a patch that `git diff-tree -p` wrote. */
export type PatchPart = 'file' | 'header' | 'hunk' | 'added' | 'removed' | 'context' | 'binary'

/** A changed file, and how many of its lines were added and removed. */
export type FileChange = {
  readonly path: string
  readonly kind: 'added' | 'deleted' | 'modified'
  readonly isBinary: boolean
  readonly insertions: number
  readonly deletions: number
}

/**
 * Reads a patch line by line. The header of a hunk says how many lines belong to the hunk. So a
 * removed line such as `-- a/file` is not mistaken for the header of another file.
 */
export class PatchReader {
  readonly #files: FileChange[] = []
  #oldLeft = 0
  #newLeft = 0

  /** The files in the lines read so far. */
  get files(): readonly FileChange[] {
    return this.#files
  }

  /** Reads the next line of the patch, without its newline, and returns the line's type. */
  push(line: string): PatchPart {
    return this.#oldLeft > 0 || this.#newLeft > 0 ? this.#pushInHunk(line) : this.#pushOutside(line)
  }

  #pushInHunk(line: string): PatchPart {
    if (line.startsWith('+')) {
      this.#newLeft -= 1
      this.#update(({ insertions }) => ({ insertions: insertions + 1 }))
      return 'added'
    }
    if (line.startsWith('-')) {
      this.#oldLeft -= 1
      this.#update(({ deletions }) => ({ deletions: deletions + 1 }))
      return 'removed'
    }
    // The line `\ No newline at end of file` belongs to neither side.
    if (!line.startsWith('\\')) {
      this.#oldLeft -= 1
      this.#newLeft -= 1
    }
    return 'context'
  }

  #pushOutside(line: string): PatchPart {
    if (line.startsWith(FILE)) {
      const path = pathOf(line.slice(FILE.length))
      this.#files.push({ path, kind: 'modified', isBinary: false, insertions: 0, deletions: 0 })
      return 'file'
    }
    const hunk = HUNK.exec(line)
    if (hunk !== null) {
      this.#oldLeft = Number(hunk[1] ?? 1)
      this.#newLeft = Number(hunk[2] ?? 1)
      return 'hunk'
    }
    if (line.startsWith('new file ')) this.#update(() => ({ kind: 'added' }))
    if (line.startsWith('deleted file ')) this.#update(() => ({ kind: 'deleted' }))
    if (line === BINARY) this.#update(() => ({ isBinary: true }))
    if (line.startsWith('\\')) return 'context'
    return HEADER.test(line) ? 'header' : 'binary'
  }

  #update(change: (file: FileChange) => Partial<FileChange>): void {
    const file = this.#files.pop()
    if (file !== undefined) this.#files.push({ ...file, ...change(file) })
  }
}

const FILE = 'diff --git '
const BINARY = 'GIT binary patch'
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/
const HEADER =
  /^(?:index|old mode|new mode|new file mode|deleted file mode|---|\+\+\+|base-commit:) /

/**
 * The path in `a/path b/path`. The patches of jobs follow no renames, so both halves name the same
 * path. Git quotes a path with unusual characters, as in `"a/\303\244" "b/\303\244"`.
 */
function pathOf(names: string): string {
  const half = names.slice(0, Math.floor((names.length - 1) / 2))
  return half.startsWith('"') ? unquoted(half.slice(1, -1)).slice(2) : half.slice(2)
}

/** Decodes the escapes of a quoted path; three octal digits are one byte of UTF-8. */
function unquoted(text: string): string {
  const bytes = Array.from(text.matchAll(/\\([0-7]{3}|.)|[^\\]+/gs), ([plain, escape]) => {
    if (escape === undefined) return new TextEncoder().encode(plain)
    if (escape.length === 3) return [Number.parseInt(escape, 8)]
    return new TextEncoder().encode(ESCAPES[escape] ?? escape)
  })
  return new TextDecoder().decode(Uint8Array.from(bytes.flatMap((part) => [...part])))
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
