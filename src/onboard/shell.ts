/** One word for a POSIX shell, whatever it holds. */
export const word = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A command of these words. */
export const command = (...words: readonly string[]): string => words.map(word).join(" ");

const NAME = /^[A-Z][A-Z0-9_]*$/;

/** `NAME='value'` lines, always quoted. Throws at a name that a shell would not take, and at NUL, which no shell can hold. */
export const assignments = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => {
      if (!NAME.test(name)) throw new Error(`shell: ${name} is no variable's name`);
      if (value.includes("\0")) throw new Error(`shell: ${name} holds NUL`);
      return `${name}='${value.replaceAll("'", "'\\''")}'\n`;
    })
    .join("");
