/** A text as one word of a shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The same, without quotes where none are needed: what people read. */
export const word = (text: string): string => (/^[\w./:@%+,=-]+$/.test(text) ? text : quoted(text));

/** A hint with the folder of its run, which isn't known where hints are made. */
export const hintFor = (hint: string, folder: string): string => hint.replaceAll('<run folder>', () => word(folder));
