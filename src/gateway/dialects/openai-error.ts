import type { GatewayError } from './dialect.ts'

/** Formats an error as OpenAI's error object, which both OpenAI dialects use. */
export const openaiError = ({ status, code, message }: GatewayError): unknown => ({
  error: {
    message,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    param: null,
    code,
  },
})
