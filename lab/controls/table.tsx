import type { ComponentChildren } from "preact";

interface TableProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly class?: string;
  /** Rows. */
  readonly children: ComponentChildren;
}

/** Something wide, which scrolls by itself on a narrow screen: a table with a heading for each column. */
export function Table({ label, columns, class: name = "", children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus can be scrolled by keys
    <section class="scrolls" aria-label={label} tabIndex={0}>
      <table class={name}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
