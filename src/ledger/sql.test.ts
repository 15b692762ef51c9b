import { describe, expect, it } from 'vitest'
import { join, list, render, sql } from './sql.ts'

const numbered = (n: number) => `$${n}`

describe('sql', () => {
  it('values become parameters and never text', () => {
    const name = `'; DROP TABLE job; --`
    expect(render(sql`SELECT ${1} WHERE name = ${name}`, numbered)).toEqual({
      text: 'SELECT $1 WHERE name = $2',
      values: [1, name],
    })
  })

  it('statements nest, and parameters are numbered across them', () => {
    const inner = sql`kind = ${'code'} AND note IS ${null}`
    expect(render(sql`${inner} OR id = ${7}`, numbered)).toEqual({
      text: 'kind = $1 AND note IS $2 OR id = $3',
      values: ['code', null, 7],
    })
  })

  it('lists and joins put their separator between the parts', () => {
    const rows = join([sql`(${1}, ${2})`, sql`(${3}, ${4})`], ', ')
    expect(render(sql`a IN (${list(['x', 'y'])}) VALUES ${rows}`, () => '?')).toEqual({
      text: 'a IN (?, ?) VALUES (?, ?), (?, ?)',
      values: ['x', 'y', 1, 2, 3, 4],
    })
    expect(render(list([5]), () => '?')).toEqual({ text: '?', values: [5] })
  })
})
