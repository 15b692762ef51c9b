/** The artifact that holds the files of the agent's session, known to follow-ups and to people. */
export const SESSION = 'session.tar'
