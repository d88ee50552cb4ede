import type { ComponentChildren } from "preact";

interface ScrollsProps {
  /** What is within, for those who do not see it. */
  readonly label: string;
  readonly children: ComponentChildren;
}

/** Something wide, which scrolls by itself on a narrow screen. */
export function Scrolls({ label, children }: ScrollsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus can be scrolled by keys
    <section class="scrolls" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
