import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode, ERRORS } from '../domain/errors.ts'
import { NO_TOTALS } from '../domain/totals.ts'
import { EXIT_CODES, exitCodeOfError, exitCodeOfTotals } from './exit-codes.ts'

const codeOf = (code: ErrorCode): number => exitCodeOfError(new AppError(code, ''))

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

describe('exit codes', () => {
  it('tell apart what a script must tell apart', () => {
    expect(codeOf('usage-invalid')).toBe(2)
    expect(codeOf('payload-invalid')).toBe(2)
    expect(codeOf('callback-refused')).toBe(2)
    expect(codeOf('hub-unreachable')).toBe(3)
    expect(codeOf('token-invalid')).toBe(5)
    expect(codeOf('scope-missing')).toBe(5)
    expect(codeOf('job-not-found')).toBe(6)
    expect(codeOf('job-terminal')).toBe(8)
    expect(codeOf('port-taken')).toBe(9)
    expect(codeOf('data-dir-busy')).toBe(9)
  })

  it('tell the worst outcome of several jobs', () => {
    const { jobs } = NO_TOTALS
    const all = { ...jobs, succeeded: 1, failed: 1, cancelled: 1, paused: 1 }
    const outcomes = [all, { ...all, failed: 0 }, { ...jobs, succeeded: 1, paused: 1 }, jobs]
    const codes = outcomes.map((counts) => exitCodeOfTotals({ ...NO_TOTALS, jobs: counts }))
    expect(codes).toEqual([1, 4, 7, 0])
  })

  it('are different for each meaning', () => {
    const codes = Object.values(EXIT_CODES).map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('are never success for an error', () => {
    const codes = Object.keys(ERRORS).filter(isErrorCode)
    expect(codes.filter((code) => codeOf(code) === 0)).toEqual([])
  })
})
