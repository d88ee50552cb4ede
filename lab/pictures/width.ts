import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The width of an element in pixels, which its picture is drawn for: text keeps its size on a phone. */
export function useWidth<T extends Element>(initial = 640): [{ current: T | null }, number] {
  const element = useRef<T>(null);
  const [width, setWidth] = useState(initial);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width } = entry.contentRect;
      if (width > 0) setWidth(Math.round(width));
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
