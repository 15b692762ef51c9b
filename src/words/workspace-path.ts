/**
 * Matches the path of an attempt's folder of files on its worker, such as
 * `/var/lib/millwright/attempts/<job>-1/tree/`.
 */
const WORKSPACE =
  /(?:file:\/\/)?(?:\/[^\s'"`()[\]<>:]{1,300})?\/attempts\/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}-\d+\/(?:tree|outputs)(?:(\/)(?=[\w.@-])|\b\/?)/g

/**
 * Shortens paths in an attempt's workspace: `src/app.js` instead of a long path on the worker, and
 * `.` for the workspace itself.
 */
export const withoutWorkspace = (text: string): string =>
  text.includes('/attempts/')
    ? text.replaceAll(WORKSPACE, (_, slash: string | undefined) => (slash === undefined ? '.' : ''))
    : text
