import { describe, expect, it } from 'vitest'
import { crossImports, cyclicFiles } from './import-rules.ts'
import { importsIn } from './source.ts'

const file = (path: string, ...imports: readonly string[]) => ({ path, imports })

describe('independent folders', () => {
  it.each(['kinds', 'dropins'])('of %s may not import each other', (room) => {
    const [one, other] = [`src/${room}/one`, `src/${room}/other`]
    expect(
      crossImports([
        file(
          `${one}/run.ts`,
          `${one}/schema.ts`,
          `src/${room}/shared.ts`,
          `${other}/schema.ts`,
          'src/x/y/z.ts',
        ),
        file(`src/${room}/all.ts`, `${one}/run.ts`, `${other}/run.ts`),
        file('src/cli/x.ts', `${one}/run.ts`),
      ]),
    ).toEqual([`${one}/run.ts imports ${other}/schema.ts`])
  })
})

describe('import cycles', () => {
  it('are found through other files, without what only leads there', () => {
    expect(
      cyclicFiles([
        file('main.ts', 'a.ts'),
        file('a.ts', 'b.ts'),
        file('b.ts', 'c.ts', 'leaf.ts'),
        file('c.ts', 'a.ts'),
        file('leaf.ts', 'node:fs'),
      ]),
    ).toEqual(['a.ts', 'b.ts', 'c.ts'])
  })

  it('include those of types alone', () => {
    const texts = {
      'src/x/a.ts': "import type { B } from './b.ts'\n",
      'src/x/b.ts': "import {\n  type A,\n} from './a.ts'\n",
      'src/x/c.ts': "export type { A } from './a.ts'\n",
    }
    const files = Object.entries(texts).map(([path, text]) => file(path, ...importsIn(path, text)))
    expect(cyclicFiles(files)).toEqual(['src/x/a.ts', 'src/x/b.ts'])
  })
})
