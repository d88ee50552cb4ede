/**
 * JSON in which each element of the named lists of objects has a line of its own, so that a run that is repeated changes the
 * lines of what it measured. An element that holds such a list itself spans its lines.
 */
export function jsonLines(value: object, lists: ReadonlySet<string>): string {
  return `${text(value, lists, "\n")}\n`;
}

/** `line`: the end of a line, and the indentation of the next. */
function text(value: unknown, lists: ReadonlySet<string>, line: string): string {
  if (!spans(value, lists)) return JSON.stringify(value);
  const [field, element] = [`${line} `, `${line}  `];
  const fields = Object.entries(value).flatMap(([key, content]) => {
    if (content === undefined) return [];
    const shown = isList(key, content, lists)
      ? `[${content.map((each) => element + text(each, lists, element)).join(",")}${field}]`
      : text(content, lists, field);
    return [`${field}${JSON.stringify(key)}: ${shown}`];
  });
  return `{${fields.join(",")}${line}}`;
}

function isList(key: string, content: unknown, lists: ReadonlySet<string>): content is object[] {
  return lists.has(key) && Array.isArray(content) && typeof content[0] === "object";
}

/** Whether one of the lists is in `value`. */
function spans(value: unknown, lists: ReadonlySet<string>): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).some(([key, content]) => isList(key, content, lists) || spans(content, lists));
}
