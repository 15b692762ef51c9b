import { expect, it } from 'vitest'
import { withoutWorkspace } from './workspace-path.ts'

const ATTEMPT = '/home/ada/.local/share/millwright/attempts/01890000-0000-7000-8000-000000000000-12'

it.each([
  [`at f (${ATTEMPT}/tree/src/app.js:3:1)`, 'at f (src/app.js:3:1)'],
  [`file://${ATTEMPT}/tree/a.js`, 'a.js'],
  [`cd ${ATTEMPT}/tree && ls ${ATTEMPT}/tree/`, 'cd . && ls .'],
  [`"${ATTEMPT}/outputs/model.glb"`, '"model.glb"'],
  [`${ATTEMPT}/tree/.env`, '.env'],
  ['/srv/attempts/one/tree/a.js', '/srv/attempts/one/tree/a.js'],
  [`${ATTEMPT}/treehouse`, `${ATTEMPT}/treehouse`],
])('paths in the workspace become relative: %s', (text, shown) => {
  expect(withoutWorkspace(text)).toBe(shown)
})
