import { describe, expect, it } from 'vitest'
import { AppError, isAppError } from '../domain/errors.ts'
import { jsonAnswer, type Question } from './exchange.ts'
import { withRest } from './rest.ts'
import { routeOf } from './routes.ts'

const QUESTION: Question = {
  route: routeOf('POST', new URL('http://gateway/openai/v1/responses'))!,
  method: 'POST',
  headers: {},
  body: Buffer.from(''),
  door: 0,
  place: 0,
}
const SIGNAL = new AbortController().signal

/** A model that returns `status`, or does not answer when it is null. */
function aModel() {
  const model = { status: 200 as number | null, asked: 0, now: 0, slow: Promise.resolve() }
  const source = withRest(
    async () => {
      model.asked += 1
      await model.slow
      if (model.status === null) throw new AppError('upstream-unreachable', 'no answer')
      return jsonAnswer(model.status, {}, null)
    },
    () => model.now,
  )
  /** The status of the answer, or the code of the error. */
  const ask = async () => {
    try {
      return (await source(QUESTION, SIGNAL)).status
    } catch (error) {
      return isAppError(error) ? error.code : error
    }
  }
  return { model, ask }
}

/** Lets the model fail until the gateway rests. */
async function resting() {
  const { model, ask } = aModel()
  model.status = null
  for (let time = 0; time < 3; time += 1) {
    await ask()
    model.now += 600
  }
  model.asked = 0
  return { model, ask }
}

describe('a model that does not answer', () => {
  it('is not asked again after three failures, except once every 20, 40 and then 80 seconds', async () => {
    const { model, ask } = await resting()
    for (const [seconds, asked] of [
      [19, 0],
      [1, 1],
      [39, 1],
      [1, 2],
      [79, 2],
      [1, 3],
      [80, 4],
    ] as const) {
      model.now += seconds * 1000
      expect(await ask()).toBe('upstream-unreachable')
      expect(await ask()).toBe('upstream-unreachable')
      expect(model.asked).toBe(asked)
    }
  })

  it('is asked as usual after its first answer', async () => {
    const { model, ask } = await resting()
    model.status = 200
    expect(await ask()).toBe('upstream-unreachable')
    model.now += 20_000
    expect(await ask()).toBe(200)
    expect(await ask()).toBe(200)
    expect(model.asked).toBe(2)
  })

  it('gets the quick retry that cures a short failure, also of many agents at once', async () => {
    const { model, ask } = aModel()
    model.status = 503
    for (let agent = 0; agent < 8; agent += 1) expect(await ask()).toBe(503)
    model.now += 900
    model.status = 200
    expect(await ask()).toBe(200)
  })

  it('gets one request every five seconds while an earlier one has no answer', async () => {
    const { model, ask } = await resting()
    model.now += 20_000
    const { promise, resolve } = Promise.withResolvers<void>()
    model.slow = promise
    const slow = [ask()]
    expect(await ask()).toBe('upstream-unreachable')
    model.now += 4000
    expect(await ask()).toBe('upstream-unreachable')
    model.now += 1000
    slow.push(ask())
    expect(model.asked).toBe(2)
    model.status = 200
    resolve()
    expect(await Promise.all(slow)).toEqual([200, 200])
    expect(await Promise.all([ask(), ask()])).toEqual([200, 200])
  })

  it.each([400, 404, 429])('is not one that answers %i', async (status) => {
    const { model, ask } = aModel()
    model.status = status
    for (let time = 0; time < 9; time += 1) {
      expect(await ask()).toBe(status)
      model.now += 1000
    }
    expect(model.asked).toBe(9)
  })
})
