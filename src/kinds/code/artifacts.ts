/** Names of what a code job keeps, known to follow-ups and to people. */
export const PATCH = 'change.patch'
export const SESSION = 'session.tar'
