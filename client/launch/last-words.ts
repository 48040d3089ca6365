/** Lines of a target's output that an error shows. */
const SHOWN_LINES = 5;
const SHOWN_CHARS = 500;

/**
 * Begins with what runtimes print when a program breaks down: Go, Rust, Java, Python, Node.js, C++. Stack traces may follow,
 * of any length.
 */
const CAUSE =
  /^\s*(?:panic: |fatal error: |thread '.*' panicked|Exception in thread |Uncaught |[\w.$]*(?:Error|Exception)\b.*: |terminate called |Segmentation fault|.*Assertion .* failed)/;

/** What Node.js prints because we looked into it; nobody's last words. */
const OF_INSPECTOR =
  /^(?:Debugger (?:attached|ending|listening)|Waiting for the debugger to disconnect|For help, see: https:\/\/nodejs\.org\/)/;

/**
 * The end of what a target printed, on one line, to follow a sentence about its end. Where the end is a stack trace, the
 * line that says what happened stands first.
 *
 * @returns `: first | second`; nothing where it printed nothing
 */
export function lastWords(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !OF_INSPECTOR.test(line));
  const end = lines.slice(-SHOWN_LINES);
  const cause = lines.findLast((line) => CAUSE.test(line));
  const shown = cause === undefined || end.includes(cause) ? end : [cause, '…', ...end.slice(2)];
  const short = shown.map((line) => (line.length > SHOWN_CHARS ? `… ${line.slice(-SHOWN_CHARS)}` : line).trim());
  return short.length === 0 ? '' : `: ${short.join(' | ')}`;
}
