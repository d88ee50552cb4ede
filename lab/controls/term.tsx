import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

interface TermProps<T extends string> {
  /** The term that the reader points to, or "". */
  readonly marked: Signal<T | "">;
  readonly term: T;
  /** The id of the sentence that explains the term. */
  readonly note: string;
  readonly children: ComponentChildren;
}

/** A term of a formula. The picture marks it while it is pointed to or has the focus. */
export function Term<T extends string>({ marked, term, note, children }: TermProps<T>) {
  const mark = () => {
    marked.value = term;
  };
  const release = () => {
    if (marked.value === term) marked.value = "";
  };
  return (
    <button
      type="button"
      class="term"
      aria-describedby={note}
      onMouseEnter={mark}
      onMouseLeave={release}
      onFocus={mark}
      onBlur={release}
    >
      <var>{children}</var>
    </button>
  );
}
