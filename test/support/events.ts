/** One event of a stream of Server-Sent Events. */
export interface StreamMessage {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON there was; tests say what it ought to be
  readonly data: any;
}

/** The events in a stream so far; one that isn't complete is left out. */
export function messagesIn(text: string): StreamMessage[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((message) => {
      const field = (name: string): string => new RegExp(`^${name}: ?(.*)$`, 'm').exec(message)?.[1] ?? '';
      const data = field('data');
      return { name: field('event'), data: data === '' ? null : JSON.parse(data) };
    });
}
