import type { GatewayError } from './dialect.ts'

/** OpenAI's error object, used by both of its dialects. */
export const openaiError = ({ status, code, message }: GatewayError): unknown => ({
  error: {
    message,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    param: null,
    code,
  },
})
