/** Of every user of a Redis in tests. */
export const PASSWORD = "correct horse";
